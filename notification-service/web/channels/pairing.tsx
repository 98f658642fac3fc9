import copyIcon from 'bootstrap-icons/icons/clipboard.svg?raw';
import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../shared/icon.tsx';
import { PhoneInput } from '../shared/phone-input.tsx';
import { useTools } from '../shared/section.tsx';
import { useKept } from '../shared/states.tsx';
import { useTexts } from './texts/connect-texts.ts';

interface Checked {
  valid: boolean;
  /** `+33 6 12 34 56 78` */
  international: string | null;
  /** `33`, of the country this browser seems to be in. */
  callingCode: string | null;
}

const PAUSE_MS = 350;
const zoneHere = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** For people whose browser is on the phone itself: a number in, eight characters out. */
export function Pairing({
  code,
  busy,
  connect,
}: {
  code: string | null;
  busy: boolean;
  connect: (phoneNumber?: string) => Promise<void>;
}) {
  const t = useTexts();
  const [phone, setPhone] = useKept('phone');
  const checked = useChecked(phone, setPhone);
  const hint =
    checked?.valid === true ? t('phoneGood', { number: checked.international ?? '' }) : t('phoneBad');
  const typed = phone.replace(/\D/g, '').length > 4;
  return (
    <>
      <form
        onSubmit={event => {
          event.preventDefault();
          void connect(checked?.international ?? phone);
        }}
      >
        <label>
          {t('phone')}
          <PhoneInput
            value={phone}
            typed={setPhone}
            autoComplete="tel"
            aria-describedby="phone-hint"
            {...(checked && typed ? { 'aria-invalid': checked.valid ? 'false' : 'true' } : {})}
          />
          <small id="phone-hint" aria-live="polite" dir="auto">
            {checked && typed ? hint : ' '}
          </small>
        </label>
        <button disabled={busy || checked?.valid !== true} aria-busy={busy}>
          {t('getCode')}
        </button>
      </form>
      {code !== null && <Code code={code} />}
    </>
  );
}

/** Asked while somebody types; an empty field gets the code of the country this browser seems to be in. */
function useChecked(phone: string, setPhone: (phone: string) => void): Checked | null {
  const { api } = useTools();
  const [checked, setChecked] = useState<Checked | null>(null);
  useEffect(() => {
    let current = true;
    const timer = setTimeout(() => {
      const body = { phoneNumber: phone, timeZone: zoneHere() };
      api.post<Checked>('/connect/phone', body).then(
        found => {
          if (!current) return;
          setChecked(found);
          if (phone === '' && found.callingCode !== null) setPhone(`+${found.callingCode} `);
        },
        // Not being able to check is no reason to refuse: the next letter asks again, and the button says the rest.
        () => current && setChecked(null),
      );
    }, PAUSE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [api, phone]);
  return checked;
}

function Code({ code }: { code: string }) {
  const t = useTexts();
  const [copied, setCopied] = useState(false);
  return (
    <div class="centre">
      <p>{t('codeHow')}</p>
      <p class="code" dir="ltr" aria-live="polite">
        {code.slice(0, 4)} {code.slice(4)}
      </p>
      <button
        type="button"
        class="quiet"
        onClick={() => void navigator.clipboard.writeText(code).then(() => setCopied(true))}
      >
        <Icon svg={copyIcon} /> {t(copied ? 'copied' : 'copy')}
      </button>
    </div>
  );
}
