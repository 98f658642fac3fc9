import { useRef } from 'preact/hooks';
import { useTexts } from '../insight/admin-texts.ts';
import { LANGUAGE_NAMES, LANGUAGES } from '../shared/language.ts';
import { useTools } from '../shared/section.tsx';
import { Failure, useAction, useKept } from '../shared/states.tsx';
import { Attachments } from './attachments.tsx';
import { draftOf, VARIABLES } from './day-message.ts';
import type { DayMessage, Draft } from './day-message.ts';
import { LivePreview } from './live-preview.tsx';
import { TestSend } from './test-send.tsx';
import { Versions } from './versions.tsx';

/** One day: languages side by side, attachments, what it will look like, a test, and what it said before. */
export function Editor({
  day,
  message,
  saved,
}: {
  day: number;
  message: DayMessage | undefined;
  saved: () => Promise<void>;
}) {
  const t = useTexts();
  const { api } = useTools();
  const action = useAction();
  const standing = JSON.stringify(draftOf(message));
  const [kept, setKept] = useKept(`day-${day}`);
  const draft = JSON.parse(kept === '' ? standing : kept) as Draft;
  const change = (part: Partial<Draft>) => setKept(JSON.stringify({ ...draft, ...part }));
  const isChanged = kept !== '' && kept !== standing;
  const save = (event: Event) => {
    event.preventDefault();
    void action.run(async () => {
      await api.post('/admin/messages', { dayNumber: day, ...draft });
      await saved();
      setKept('');
    });
  };
  return (
    <>
      <form onSubmit={save}>
        <div class="languages">
          {LANGUAGES.map(code => (
            <LanguageField
              key={code}
              code={code}
              text={draft.messageTemplate[code] ?? ''}
              change={text => change({ messageTemplate: { ...draft.messageTemplate, [code]: text } })}
            />
          ))}
        </div>
        <Attachments files={draft.mediaUrls} change={mediaUrls => change({ mediaUrls })} />
        <label>
          <input
            type="checkbox"
            role="switch"
            checked={draft.active}
            onChange={event => change({ active: event.currentTarget.checked })}
          />
          {t('active')}
        </label>
        <div class="row">
          <button disabled={action.busy} aria-busy={action.busy}>
            {t('save')}
          </button>
          <span role="status" class="muted">
            {isChanged ? t('unsaved') : message ? t('saved') : ''}
          </span>
        </div>
        {action.error !== null && <Failure error={action.error} />}
      </form>
      <div class="two">
        <section>
          <h2>{t('preview')}</h2>
          <LivePreview day={day} draft={draft} />
        </section>
        <section>
          <h2>{t('testSend')}</h2>
          <TestSend day={day} />
          <h2>{t('versions')}</h2>
          <Versions
            day={day}
            changedAt={message?.updatedAt ?? ''}
            take={version => setKept(JSON.stringify(draftOf(version)))}
          />
        </section>
      </div>
    </>
  );
}

function LanguageField({
  code,
  text,
  change,
}: {
  code: (typeof LANGUAGES)[number];
  text: string;
  change: (text: string) => void;
}) {
  const t = useTexts();
  const area = useRef<HTMLTextAreaElement>(null);
  const insert = (name: string) => {
    const { selectionStart = text.length, selectionEnd = text.length } = area.current ?? {};
    const chip = `{{ ${name} }}`;
    change(text.slice(0, selectionStart) + chip + text.slice(selectionEnd));
    requestAnimationFrame(() => {
      area.current?.focus();
      area.current?.setSelectionRange(selectionStart + chip.length, selectionStart + chip.length);
    });
  };
  return (
    <div>
      <label>
        {LANGUAGE_NAMES[code]} {text.trim() === '' && <small class="bad-text">{t('missing')}</small>}
        <textarea
          ref={area}
          lang={code}
          dir={code === 'ar' ? 'rtl' : 'ltr'}
          rows={6}
          value={text}
          onInput={event => change(event.currentTarget.value)}
        />
      </label>
      <div class="chips" role="toolbar" aria-label={`${t('insert')} ${LANGUAGE_NAMES[code]}`}>
        {VARIABLES.map(name => (
          <button key={name} type="button" class="quiet" onClick={() => insert(name)}>
            {name}
          </button>
        ))}
        <small class="muted">{t('characters', { count: text.length })}</small>
      </div>
    </div>
  );
}
