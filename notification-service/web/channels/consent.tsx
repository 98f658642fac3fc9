import { useState } from 'preact/hooks';
import { Bubble } from '../messages/bubble.tsx';
import { useTools } from '../shared/section.tsx';
import { Empty, Failure, Loaded, useAction, useKept, useLoad } from '../shared/states.tsx';
import type { DayPreview, Status } from '../shared/shapes.ts';
import { useTexts } from './texts/connect-texts.ts';

/** First what the friends will get, then one sentence to agree to. */
export function Consent({ status, connect }: { status: Status; connect: () => Promise<void> }) {
  const t = useTexts();
  const { api, session, language } = useTools();
  const preview = useLoad(
    () => api.get<DayPreview[]>(`/messages/preview?language=${language}`),
    [api, language],
  );
  const [agreed, setAgreed] = useState(status.consentAt !== null);
  const [name, setName] = useKept('name', session.name);
  const action = useAction();
  const begin = (event: Event) => {
    event.preventDefault();
    void action.run(async () => {
      await api.post('/consent', { name: name.trim() });
      await connect();
    });
  };
  return (
    <section>
      <h2>{t('friendsGet')}</h2>
      <p>{t('friendsGetMore')}</p>
      <Loaded load={preview} lines={6}>
        {days => <Days days={days.filter(day => day.active)} />}
      </Loaded>
      <form onSubmit={begin}>
        {session.name === '' ? (
          <label>
            {t('yourName')}
            <input
              autoComplete="name"
              maxLength={100}
              value={name}
              onInput={event => setName(event.currentTarget.value)}
            />
          </label>
        ) : (
          <p class="muted">{t('signedAs', { name: session.name })}</p>
        )}
        <label>
          <input
            type="checkbox"
            required
            checked={agreed}
            onChange={event => setAgreed(event.currentTarget.checked)}
          />
          {t('agree')}
        </label>
        <button disabled={!agreed || action.busy} aria-busy={action.busy}>
          {t('connect')}
        </button>
        {action.error !== null && <Failure error={action.error} />}
      </form>
    </section>
  );
}

function Days({ days }: { days: DayPreview[] }) {
  const t = useTexts();
  if (days.length === 0) return <Empty>{t('noMessages')}</Empty>;
  return (
    <ol class="chat days" tabIndex={0} aria-label={t('friendsGet')}>
      {days.map(({ dayNumber, parts }) => (
        <li key={dayNumber}>
          <p class="day">{t('day', { day: dayNumber })}</p>
          {parts.map((part, index) => (
            <Bubble key={index} part={part} />
          ))}
        </li>
      ))}
    </ol>
  );
}
