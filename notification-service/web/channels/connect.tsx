import checkIcon from 'bootstrap-icons/icons/check-circle-fill.svg?raw';
import { useEffect } from 'preact/hooks';
import { Icon } from '../shared/icon.tsx';
import { Failure } from '../shared/states.tsx';
import type { Status } from '../shared/shapes.ts';
import { useConnecting } from './connecting.ts';
import { Consent } from './consent.tsx';
import './connect.css';
import { Cooldown } from './cooldown.tsx';
import { Linking } from './linking.tsx';
import { start, useTexts } from './texts/connect-texts.ts';

const FOLLOW_UPS = '/follow-ups';
const CELEBRATION_MS = 4_000;

function ConnectPage() {
  const t = useTexts();
  const { view, error, connect } = useConnecting();
  if (view.kind === 'loading') {
    return error === null ? <p aria-busy="true">{t('oneMoment')}</p> : <Failure error={error} />;
  }
  if (view.kind === 'consent') return <Consent status={view.status} connect={() => connect()} />;
  if (view.kind === 'cooldown') return <Cooldown endsAtMs={view.endsAtMs} over={() => connect()} />;
  if (view.kind === 'connected') return <Connected status={view.status} fresh={view.fresh} />;
  return <Linking {...view} connect={connect} />;
}

/** Who was connected before is taken along at once. */
function Connected({ status, fresh }: { status: Status; fresh: boolean }) {
  const t = useTexts();
  useEffect(() => {
    const timer = setTimeout(() => location.replace(FOLLOW_UPS), fresh ? CELEBRATION_MS : 0);
    return () => clearTimeout(timer);
  }, [fresh]);
  if (!fresh) return <p aria-busy="true">{t('oneMoment')}</p>;
  return (
    <section class="celebration" role="status">
      <Icon svg={checkIcon} />
      <h2>{t('connected')}</h2>
      {status.phoneNumber !== null && (
        <p>
          <bdi>{t('number', { number: `+${status.phoneNumber}` })}</bdi>
        </p>
      )}
      <p>{t('connectedMore')}</p>
      <a href={FOLLOW_UPS} role="button">
        {t('onward')}
      </a>
    </section>
  );
}

start(ConnectPage, { title: 'title' });
