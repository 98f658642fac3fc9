import type { ChatRef } from '../../channels/transport.ts';
import type { Clock } from '../../platform/clock.ts';

/** Numbers that were found on WhatsApp: asking again and again is what machines do. */
export interface NumberCache {
  get(phone: string): ChatRef | undefined;
  keep(phone: string, found: ChatRef): void;
  forget(phone: string): void;
}

/** Calendar time. That a number is *not* there is never kept. */
const GOOD_FOR_MS = 7 * 24 * 3_600_000;
const MOST = 20_000;

export function createNumberCache(clock: Clock): NumberCache {
  const kept = new Map<string, { found: ChatRef; untilMs: number }>();
  return {
    get(phone) {
      const entry = kept.get(phone);
      if (entry && entry.untilMs > clock.now().getTime()) return entry.found;
      kept.delete(phone);
      return undefined;
    },
    keep(phone, found) {
      kept.set(phone, { found, untilMs: clock.now().getTime() + GOOD_FOR_MS });
      const [oldest] = kept.keys();
      if (kept.size > MOST && oldest !== undefined) kept.delete(oldest);
    },
    forget: phone => void kept.delete(phone),
  };
}
