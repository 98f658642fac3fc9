import type { FakePerson, FakeUserService } from '../fakes/user-service.ts';
import { startFakeUserService } from '../fakes/user-service.ts';
import type { ManualClock } from '../manual-clock.ts';
import { manualClock } from '../manual-clock.ts';
import { SERVICE_SECRET, startTestApp } from '../test-app.ts';
import type { TestApp } from '../test-app.ts';
import type { Answer, Asked } from '../test-http.ts';

/** Monday, 10:00 in Paris. */
export const NOW = '2026-03-02T09:00:00.000Z';

/** The whole service with a user service outside, on a calendar that a test moves. */
export interface ContractBed {
  test: TestApp;
  users: FakeUserService;
  clock: ManualClock;
  /** Somebody this member has referred; returns the id. */
  refer(memberId: string, id: string, fields?: Partial<FakePerson>): string;
  referMany(memberId: string, count: number, fields?: Partial<FakePerson>): string[];
  /** A member with settings. */
  addMember(memberId: string): Promise<void>;
  /** Makes a campaign and returns its id. */
  createCampaign(memberId: string, body?: object): Promise<string>;
  close(): Promise<void>;
}

export async function openContractBed({ clock = manualClock(NOW) } = {}): Promise<ContractBed> {
  const users = await startFakeUserService(SERVICE_SECRET);
  const test = await startTestApp({
    environment: { USER_SERVICE_URL: users.url },
    outside: { clock },
  });
  let phones = 0;
  const bed: ContractBed = {
    ...{ test, users, clock },
    refer(memberId, id, fields = {}) {
      phones += 1;
      const phoneNumber = `3361${String(1_000_000 + phones)}`;
      users.add({ _id: id, referrerUserId: memberId, phoneNumber, ...fields });
      return id;
    },
    referMany: (memberId, count, fields) =>
      Array.from({ length: count }, (_, n) => bed.refer(memberId, `${memberId}-r${n}`, fields)),
    async addMember(memberId) {
      await test.member(memberId).patch('/config', {}).expect(200);
    },
    async createCampaign(memberId, body = {}) {
      const answer = await test
        .member(memberId)
        .post('/campaigns', { name: 'Spring', targetFilter: {}, ...body });
      if (answer.status !== 201) throw new Error(`${answer.status}: ${JSON.stringify(answer.body)}`);
      return (answer.body.data as { _id: string })._id;
    },
    async close() {
      await test.close();
      await users.close();
    },
  };
  return bed;
}

/** Status, sentence and data of an answer, in one value to compare. */
export async function seen(asked: Asked): Promise<[number, string | undefined, unknown]> {
  const { status, body }: Answer = await asked;
  return [status, body.message, body.data];
}
