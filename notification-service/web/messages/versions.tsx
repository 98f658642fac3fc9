import { useTexts } from '../insight/admin-texts.ts';
import { dateTime } from '../shared/format.ts';
import { useTools } from '../shared/section.tsx';
import { Empty, Loaded, useLoad } from '../shared/states.tsx';
import type { DayMessage } from './day-message.ts';

/** What the day said before, with who and when; any of them may be taken up again. */
export function Versions({
  day,
  changedAt,
  take,
}: {
  day: number;
  changedAt: string;
  take: (version: DayMessage) => void;
}) {
  const t = useTexts();
  const { api, language } = useTools();
  const load = useLoad(() => api.get<DayMessage[]>(`/admin/messages/${day}/versions`), [api, day, changedAt]);
  return (
    <Loaded load={load} lines={2}>
      {versions =>
        versions.length === 0 ? (
          <Empty>{t('noVersions')}</Empty>
        ) : (
          <ol class="versions">
            {versions.map(version => (
              <li key={version.updatedAt}>
                <details>
                  <summary>
                    {dateTime(version.updatedAt, language)} · {version.updatedBy}
                  </summary>
                  {Object.entries(version.messageTemplate)
                    .filter(([, text]) => text !== '')
                    .map(([code, text]) => (
                      <blockquote key={code} dir="auto" lang={code}>
                        {text}
                      </blockquote>
                    ))}
                  <button type="button" class="quiet" onClick={() => take(version)}>
                    {t('takeBack')}
                  </button>
                </details>
              </li>
            ))}
          </ol>
        )
      }
    </Loaded>
  );
}
