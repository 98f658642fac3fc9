import { useEffect, useState } from 'preact/hooks';
import { useTexts } from '../insight/admin-texts.ts';
import { LANGUAGE_NAMES, LANGUAGES } from '../shared/language.ts';
import type { Language } from '../shared/language.ts';
import { useTools } from '../shared/section.tsx';
import { Empty, Failure } from '../shared/states.tsx';
import type { Part } from '../shared/shapes.ts';
import { Bubble } from './bubble.tsx';
import type { Draft } from './day-message.ts';

interface Answer {
  previews: { parts: Part[] }[];
}

const PAUSE_MS = 300;
const SAMPLES = [
  { name: 'Awa Diop', country: 'SN' },
  { name: 'Bruno Silva', country: 'PT' },
  { name: null, country: null },
];

/** The draft as a chat, for a sample person; what could not be saved is said here while it is written. */
export function LivePreview({ day, draft }: { day: number; draft: Draft }) {
  const t = useTexts();
  const { api, language: own } = useTools();
  const [language, setLanguage] = useState<Language>(own);
  const [sample, setSample] = useState(0);
  const [parts, setParts] = useState<Part[]>([]);
  const [error, setError] = useState<unknown>(null);
  const { messageTemplate, mediaUrls } = draft;
  const asked = JSON.stringify({ messageTemplate, mediaUrls, language, sample });
  useEffect(() => {
    let current = true;
    const timer = setTimeout(() => {
      const body = { dayNumber: day, messageTemplate, mediaUrls, language, sample: SAMPLES[sample] };
      api.post<Answer>('/admin/messages/preview', body).then(
        answer => {
          if (!current) return;
          setParts(answer.previews[0]?.parts ?? []);
          setError(null);
        },
        (failure: unknown) => current && setError(failure),
      );
    }, PAUSE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [api, day, asked]);
  return (
    <>
      <div class="row">
        <select
          aria-label={t('languageHead')}
          value={language}
          onChange={event => setLanguage(event.currentTarget.value as Language)}
        >
          {LANGUAGES.map(code => (
            <option key={code} value={code}>
              {LANGUAGE_NAMES[code]}
            </option>
          ))}
        </select>
        <select
          aria-label={t('samplePerson')}
          value={sample}
          onChange={event => setSample(Number(event.currentTarget.value))}
        >
          {SAMPLES.map(({ name }, index) => (
            <option key={index} value={index}>
              {name ?? t('sampleNobody')}
            </option>
          ))}
        </select>
      </div>
      <div class="chat preview" aria-live="polite">
        {parts.length === 0 && error === null ? (
          <Empty>{t('noText')}</Empty>
        ) : (
          parts.map((part, index) => <Bubble key={index} part={part} />)
        )}
      </div>
      {error !== null && <Failure error={error} />}
    </>
  );
}
