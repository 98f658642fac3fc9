import { useState } from 'preact/hooks';
import { useTools } from '../shared/section.tsx';
import { Failure, useAction, useKept } from '../shared/states.tsx';
import { useTexts } from './texts/connect-texts.ts';

export function HelpForm() {
  const t = useTexts();
  const { api } = useTools();
  const action = useAction();
  const [message, setMessage] = useKept('help');
  const [asked, setAsked] = useState(false);
  const send = (event: Event) => {
    event.preventDefault();
    void action.run(async () => {
      await api.post('/help', message.trim() === '' ? {} : { message: message.trim() });
      setMessage('');
      setAsked(true);
    });
  };
  if (asked) {
    return (
      <p class="note" role="status">
        {t('helpOnWay')}
      </p>
    );
  }
  return (
    <details open={message !== ''}>
      <summary>{t('askHelp')}</summary>
      <form onSubmit={send}>
        <label>
          {t('helpWords')}
          <textarea
            rows={3}
            maxLength={2000}
            value={message}
            onInput={event => setMessage(event.currentTarget.value)}
          />
        </label>
        <button class="quiet" disabled={action.busy} aria-busy={action.busy}>
          {t('askHelp')}
        </button>
        {action.error !== null && <Failure error={action.error} />}
      </form>
    </details>
  );
}
