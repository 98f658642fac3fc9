import type { ChannelDoc } from '../src/channels/index.ts';
import type { EnrollmentDoc } from '../src/enrollments/index.ts';
import type { ManualClock } from './manual-clock.ts';
import { until } from './test-app.ts';
import type { TestApp } from './test-app.ts';

/** Days of one channel's work, jumped over from one thing to do to the next. */
export interface Week {
  /** Resolves when what is due is done, and the channel knows when it acts next. */
  settled(): Promise<void>;
  /** With the hourly check, so that it is known who is unpaid. */
  jumpTo(at: Date): Promise<void>;
  /** Jumps to the moments that the channel itself sets, as nothing happens between them, until so many were sent. */
  untilSent(count: number): Promise<void>;
}

export function weekOf(test: TestApp, clock: ManualClock): Week {
  const channel = async () => (await test.stores.db.collection<ChannelDoc>('channels').findOne({}))!;
  const running = () =>
    test.stores.db.collection<EnrollmentDoc>('enrollments').countDocuments({ status: 'active' });
  const week: Week = {
    settled: () =>
      until(async () => {
        const { nextActionAt, turn } = await channel();
        if (turn !== undefined) return false;
        return (await running()) === 0 || (nextActionAt !== undefined && nextActionAt > clock.now());
      }, 'the channel has done what was due and knows when it acts next'),
    async jumpTo(at) {
      clock.set(at.toISOString());
      await test.admin().post('/admin/enrollment/run').expect(200);
      test.app.delivery.wakePump();
    },
    async untilSent(count) {
      await week.settled();
      while ((await test.sent()).length < count) {
        await week.jumpTo((await channel()).nextActionAt!);
        await week.settled();
      }
    },
  };
  return week;
}
