import type { Clock } from '../../notification-service/src/platform/clock.ts';

/** The timeline: what happened, each line with the calendar's time; on a terminal a bar stays below it. */
export interface Scroll {
  say(text: string): void;
  /** The bar moves; away from a terminal it is written once a calendar day. */
  progress(done: number, of: number, text: string): void;
  /** Lines without a time. */
  print(text: string): void;
}

const WIDTH = 24;

export function openScroll(out: { write(text: string): unknown; isTTY?: boolean }, clock: Clock): Scroll {
  const live = out.isTTY === true;
  let bar = '';
  let shownDay = '';
  const line = (text: string): void => {
    out.write(live ? `\r\x1b[K${text}\n${bar}` : `${text}\n`);
  };
  return {
    say: text => line(`${momentOf(clock.now())}  ${text}`),
    print: line,
    progress(done, of, text) {
      bar = `${barOf(done, of)} ${text}`;
      const today = clock.now().toISOString().slice(0, 10);
      if (live) out.write(`\r\x1b[K${momentOf(clock.now())}  ${bar}`);
      else if (today !== shownDay) line(`${momentOf(clock.now())}  ${bar}`);
      shownDay = today;
    },
  };
}

const barOf = (done: number, of: number): string => {
  const full = Math.min(WIDTH, Math.floor((done / Math.max(1, of)) * WIDTH));
  return `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)}`;
};

const FORMAT = new Intl.DateTimeFormat('en-GB', {
  ...{ weekday: 'short', day: '2-digit', month: 'short', hour: '2-digit', minute: '2-digit' },
  timeZone: 'UTC',
});
const momentOf = (at: Date): string => FORMAT.format(at).replaceAll(',', '');
