import { useState } from 'preact/hooks';
import { useTexts } from '../insight/admin-texts.ts';
import { LANGUAGE_NAMES, LANGUAGES } from '../shared/language.ts';
import { PhoneInput } from '../shared/phone-input.tsx';
import { useTools } from '../shared/section.tsx';
import { Failure, useAction, useKept } from '../shared/states.tsx';

/** The saved text of a day, to a number of one's choice. */
export function TestSend({ day }: { day: number }) {
  const t = useTexts();
  const { api, language: own } = useTools();
  const action = useAction();
  const [phone, setPhone] = useKept('test-phone');
  const [language, setLanguage] = useState<string>(own);
  const [sent, setSent] = useState(false);
  const send = (event: Event) => {
    event.preventDefault();
    setSent(false);
    void action
      .run(() => api.post(`/admin/messages/${day}/test`, { phone, language }))
      .then(done => setSent(done));
  };
  return (
    <form onSubmit={send}>
      <label>
        {t('testPhone')}
        <PhoneInput value={phone} typed={setPhone} aria-describedby="test-hint" />
        <small id="test-hint">{t('testSaved')}</small>
      </label>
      <div class="row">
        <select
          aria-label={t('languageHead')}
          value={language}
          onChange={event => setLanguage(event.currentTarget.value)}
        >
          {LANGUAGES.map(code => (
            <option key={code} value={code}>
              {LANGUAGE_NAMES[code]}
            </option>
          ))}
        </select>
        <button class="quiet" disabled={action.busy}>
          {t('testSend')}
        </button>
      </div>
      {sent && (
        <p role="status" class="note">
          {t('testSent')}
        </p>
      )}
      {action.error !== null && <Failure error={action.error} />}
    </form>
  );
}
