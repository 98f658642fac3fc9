import { useState } from 'preact/hooks';
import { start, useTexts } from '../insight/admin-texts.ts';
import { LANGUAGES } from '../shared/language.ts';
import { useTools } from '../shared/section.tsx';
import { Loaded, useLoad } from '../shared/states.tsx';
import { DAYS } from './day-message.ts';
import type { DayMessage } from './day-message.ts';
import { Editor } from './editor.tsx';
import './messages.css';

interface Stats {
  dayProgression: { day: number; count: number }[];
}

const dayInAddress = (): number => Number(new URLSearchParams(location.search).get('day') ?? 1);

function MessagesPage() {
  const t = useTexts();
  const { api } = useTools();
  const load = useLoad(() => api.get<DayMessage[]>('/admin/messages'), [api]);
  const stats = useLoad(() => api.get<Stats>('/admin/stats'), [api]);
  const [day, setDay] = useState(dayInAddress);
  const choose = (chosen: number) => {
    history.replaceState(null, '', `?day=${chosen}`);
    setDay(chosen);
  };
  const affected = (stats.data?.dayProgression ?? [])
    .filter(step => step.day <= day)
    .reduce((sum, { count }) => sum + count, 0);
  return (
    <Loaded load={load} lines={8}>
      {messages => (
        <>
          <div class="day-cards" role="toolbar" aria-label={t('messagesTitle')}>
            {DAYS.map(number => (
              <DayCard
                key={number}
                day={number}
                message={messages.find(({ dayNumber }) => dayNumber === number)}
                chosen={number === day}
                choose={choose}
              />
            ))}
          </div>
          <h2>{t('editDay', { day })}</h2>
          <p class="muted">{t('affected', { count: affected })}</p>
          <Editor
            key={day}
            day={day}
            message={messages.find(({ dayNumber }) => dayNumber === day)}
            saved={load.reload}
          />
        </>
      )}
    </Loaded>
  );
}

function DayCard({
  day,
  message,
  chosen,
  choose,
}: {
  day: number;
  message: DayMessage | undefined;
  chosen: boolean;
  choose: (day: number) => void;
}) {
  const t = useTexts();
  const { language } = useTools();
  const written = LANGUAGES.filter(code => (message?.messageTemplate[code] ?? '') !== '');
  const shown = written.includes(language) ? language : written[0];
  return (
    <button type="button" class="day-card quiet" aria-pressed={chosen} onClick={() => choose(day)}>
      <strong>{t('day', { day })}</strong>
      {message && !message.active && <small class="bad-text">{t('inactive')}</small>}
      <small class="excerpt" dir="auto">
        {shown === undefined ? t('noText') : message?.messageTemplate[shown]}
      </small>
      <small class="muted">{written.join(' · ')}</small>
      {message && message.mediaUrls.length > 0 && (
        <small class="muted">{t('files', { count: message.mediaUrls.length })}</small>
      )}
    </button>
  );
}

start(MessagesPage, { title: 'messagesTitle', forAdmins: true });
