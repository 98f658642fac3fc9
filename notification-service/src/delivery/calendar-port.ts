import type { Random } from '../platform/random.ts';

/** The calendar as a turn sees it, with the window already chosen (enrollments/calendar.ts in production). */
export interface Calendar {
  localDateOf(at: Date, zone: string): string;
  /** 0–1439. */
  localMinuteOf(at: Date, zone: string): number;
  windowAt(at: Date, zone: string): { open: true } | { open: false; opensAt: Date };
  nextDue(args: { now: Date; zone: string; wallMinute: number; lastLocalDate: string; random: Random }): {
    dueAt: Date;
    lateDays: number;
  };
  /** Dates with a window that were let pass between the two. */
  lateDays(dueAt: Date, at: Date, zone: string): number;
}
