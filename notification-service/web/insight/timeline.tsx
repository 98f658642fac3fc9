import { dateTime } from '../shared/format.ts';
import { useTools } from '../shared/section.tsx';
import { Loaded, useLoad } from '../shared/states.tsx';
import type { Timeline } from '../shared/shapes.ts';

/** Everything that happened to one person, the oldest first. */
export function TimelineOf({ path }: { path: string }) {
  const { api, language } = useTools();
  const load = useLoad(() => api.get<Timeline>(path), [api, path, language]);
  return (
    <Loaded load={load} lines={4}>
      {({ entries }) => (
        <ol class="timeline">
          {entries.map((entry, index) => (
            <li key={index} class={entry.kind}>
              <small class="muted">{dateTime(entry.at, language)}</small>
              <div dir="auto">{entry.sentence}</div>
              {entry.text !== null && <blockquote dir="auto">{entry.text}</blockquote>}
            </li>
          ))}
        </ol>
      )}
    </Loaded>
  );
}
