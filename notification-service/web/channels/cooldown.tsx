import cupIcon from 'bootstrap-icons/icons/cup-hot.svg?raw';
import { Icon } from '../shared/icon.tsx';
import { useCountdown } from './connecting.ts';
import { HelpForm } from './help-form.tsx';
import { useTexts } from './texts/connect-texts.ts';

/** After the last attempt: calm, how long it still is, and that help has been asked for. */
export function Cooldown({ endsAtMs, over }: { endsAtMs: number; over: () => Promise<void> }) {
  const t = useTexts();
  const leftMs = useCountdown(endsAtMs, () => void over());
  return (
    <section>
      <div class="centre">
        <p class="big">
          <Icon svg={cupIcon} />
        </p>
        <p>{t('cooldown')}</p>
        <p>{t('nextTry')}</p>
        <p class="code" role="timer" dir="ltr">
          {new Date(leftMs).toISOString().slice(11, 19)}
        </p>
      </div>
      <p class="note">{t('helpOnWay')}</p>
      <HelpForm />
    </section>
  );
}
