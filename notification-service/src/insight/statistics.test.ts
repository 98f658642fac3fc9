import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type InsightBed, openInsightBed } from '../../test/insight-bed.ts';
import { type Answer, ask, serveRoutes } from '../../test/test-http.ts';
import { seededRandom } from '../platform/random.ts';
import type { EnrollmentDoc, ExitReason, Row } from '../enrollments/index.ts';
import { EXIT_REASONS } from '../enrollments/index.ts';
import type { Http } from '../http/server.ts';
import { defaultCampaignIdOf } from '../platform/ids.ts';
import { adminStatsShape, campaignStatsShape } from './insight-schemas.ts';

let bed: InsightBed;
let http: Http;
beforeAll(async () => {
  bed = await openInsightBed();
  http = serveRoutes(bed.stores, bed.insight.routes);
});
afterAll(async () => {
  await http.close();
  await bed.close();
});
beforeEach(() => bed.empty());

const dataOf = ({ status, body }: Answer): unknown => {
  expect(status).toBe(200);
  return body.data;
};
const statsOf = async (memberId: string, role = 'user') =>
  campaignStatsShape.strict().parse(dataOf(await ask(http, memberId, role).get('/campaigns/default/stats')));
const adminStats = async () =>
  adminStatsShape.strict().parse(dataOf(await ask(http, 'boss', 'admin').get('/admin/stats')));

describe('pitfall: statistics that lie', () => {
  /** Two members, 60 people, every outcome, drawn by chance from one seed. */
  async function aMonth(): Promise<void> {
    const random = seededRandom(11);
    const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
    for (const memberId of ['m1', 'm2']) {
      await bed.addMember(memberId);
      for (let i = 0; i < 30; i++) {
        const ended = random() < 0.5;
        const day = 1 + Math.floor(random() * 7);
        const made = await bed.enroll(memberId, `${memberId}-r${i}`, {
          status: ended ? 'ended' : 'active',
          exitReason: ended ? pick<ExitReason>(EXIT_REASONS) : null,
          exitedAt: ended ? new Date('2025-03-10T09:00:00Z') : null,
          enteredAt: new Date(Date.parse('2025-03-09T20:00:00Z') + i * 20 * 60_000),
        });
        await bed.enrollments.updateOne({ _id: made._id }, { $set: { 'step.day': day } });
        for (let d = 1; d < day; d++) {
          const outcome = pick<Row['outcome']>(['sent', 'sent', 'sent', 'skipped', 'unknown']);
          const at = new Date(Date.parse('2025-03-09T21:30:00Z') + d * 45 * 60_000);
          await bed.addRow(made._id, { day: d, outcome, at });
          if (random() < 0.3) await bed.addRow(made._id, { day: d, part: 1, at });
          await bed.addReceipt(memberId, `M-${made._id}-${d}-0`, pick([1, 2, 3, 4]), at);
        }
      }
    }
    await bed.insight.followDeliveries();
    // What receipts have proved in the first round is copied in the second.
    await bed.insight.followDeliveries();
  }

  /** Counted by hand, from the enrollments and the receipts themselves. */
  async function recount(whose: (doc: EnrollmentDoc) => boolean) {
    const docs = (await bed.enrollments.find().toArray()).filter(whose);
    const acks = new Map((await bed.receipts.find().toArray()).map(({ _id, ack }) => [_id, ack]));
    const rows = docs.flatMap(doc => Object.values(doc.rows).map(row => ({ doc, row })));
    const sent = rows.filter(({ row }) => row.outcome === 'sent');
    const ackOf = ({ doc, row }: (typeof rows)[number]) =>
      acks.get(`${doc.channelId}:${row.messageId ?? ''}`) ?? 0;
    const ended = docs.filter(({ status }) => status === 'ended');
    const exits = Object.fromEntries(
      EXIT_REASONS.map(reason => [reason, ended.filter(({ exitReason }) => exitReason === reason).length]),
    ) as Record<ExitReason, number>;
    return {
      ...{ docs, sent, ended, exits, total: rows.length },
      active: docs.filter(({ status }) => status === 'active'),
      delivered: sent.filter(found => ackOf(found) >= 2),
    };
  }
  const percent = (part: number, whole: number) => Number(((100 * part) / whole).toFixed(2));

  it('a member’s figures are those of a recount', async () => {
    await aMonth();
    const counted = await recount(({ memberId }) => memberId === 'm1');
    expect(counted.sent.length).toBeGreaterThan(20);
    expect(counted.delivered.length).toBeLessThan(counted.sent.length);
    expect(await statsOf('m1')).toEqual({
      totalEnrolled: 30,
      activeTargets: counted.active.length,
      completedRelance: counted.exits.completed_7_days,
      totalMessagesSent: counted.sent.length,
      totalMessagesDelivered: counted.delivered.length,
      deliveryPercentage: percent(counted.delivered.length, counted.sent.length),
      isPaused: false,
      dayProgression: [1, 2, 3, 4, 5, 6, 7].map(day => ({
        day,
        count: counted.active.filter(({ step }) => step.day === day).length,
      })),
      completedTargets: counted.ended.length,
      totalTargets: 30,
      successRate: percent(counted.exits.paid, counted.ended.length),
      exitReasons: counted.exits,
      activeCampaigns: 1,
      totalMessages: counted.total,
      sentMessages: counted.sent.length,
      deliveryRate: percent(counted.delivered.length, counted.sent.length),
      totalUsersInRelance: counted.active.length,
    });
  });

  it('the landing page of an admin shows all members, their own campaign only their own', async () => {
    await aMonth();
    const [own, everybody] = [await recount(doc => doc.memberId === 'm1'), await recount(() => true)];
    const stats = await statsOf('m1', 'admin');
    expect(stats).toMatchObject({
      totalEnrolled: 30,
      totalMessagesSent: own.sent.length,
      activeCampaigns: 2,
      totalMessages: everybody.total,
      sentMessages: everybody.sent.length,
      deliveryRate: percent(everybody.delivered.length, everybody.sent.length),
      totalUsersInRelance: everybody.active.length,
    });
  });

  it('the platform’s figures are those of a recount; today begins at midnight in its zone', async () => {
    await aMonth();
    const counted = await recount(() => true);
    const midnight = new Date('2025-03-09T23:00:00Z'); // in Paris
    const today = counted.sent.filter(({ row }) => row.at >= midnight);
    expect(today.length).toBeGreaterThan(0);
    expect(today.length).toBeLessThan(counted.sent.length);
    expect(await adminStats()).toEqual({
      totalActiveTargets: counted.active.length,
      totalCompletedTargets: counted.ended.length,
      totalMessagesSent: counted.sent.length,
      totalMessagesDelivered: counted.delivered.length,
      totalSuccessRate: percent(counted.exits.paid, counted.ended.length),
      activeConfigsCount: 2,
      targetsEnrolledToday: counted.docs.filter(({ enteredAt }) => enteredAt >= midnight).length,
      messagesSentToday: today.length,
      exitReasons: counted.exits,
      dayProgression: [1, 2, 3, 4, 5, 6, 7].map(day => ({
        day,
        count: counted.active.filter(({ step }) => step.day === day).length,
      })),
    });
  });

  it('nothing is divided by nothing', async () => {
    const stats = await statsOf('nobody');
    expect(stats).toMatchObject({ totalEnrolled: 0, deliveryPercentage: 0, successRate: 0, deliveryRate: 0 });
    expect(stats.dayProgression).toHaveLength(7);
    expect(await adminStats()).toMatchObject({ totalSuccessRate: 0, messagesSentToday: 0 });
  });

  it('says that the default campaign is paused, by hand or by another campaign', async () => {
    await bed.addMember('m1');
    for (const field of ['defaultCampaignPausedByMember', 'defaultCampaignPausedByCampaign']) {
      await bed.members.updateOne({ _id: 'm1' }, { $set: { [field]: true } });
      expect((await statsOf('m1')).isPaused, field).toBe(true);
      await bed.members.updateOne({ _id: 'm1' }, { $set: { [field]: false } });
    }
    expect((await statsOf('m1')).isPaused).toBe(false);
  });

  it('counts configs that are connected and switched on', async () => {
    await bed.addMember('on');
    await bed.addMember('off');
    await bed.addMember('away', { state: 'disconnected' });
    await bed.members.updateOne({ _id: 'off' }, { $set: { enabled: false } });
    expect((await adminStats()).activeConfigsCount).toBe(1);
  });
});

describe('pitfall: counters lost at midnight', () => {
  it('what was sent today is neither lost at midnight UTC nor carried over the member’s own', async () => {
    await bed.addMember('m1');
    const { _id } = await bed.enroll('m1', 'r1');
    const times = [
      '2025-03-10T22:59:59Z',
      '2025-03-10T23:00:00Z',
      '2025-03-10T23:59:59Z',
      '2025-03-11T00:00:01Z',
    ];
    for (const [i, at] of times.entries()) await bed.addRow(_id, { day: i + 1, at: new Date(at) });
    await bed.insight.followDeliveries();
    const parisMidnight = new Date('2025-03-10T23:00:00Z');
    expect(await bed.insight.countSent('m1', parisMidnight)).toBe(3);
    expect(await bed.insight.countSent('m1', new Date('2025-03-11T00:00:00Z'))).toBe(1);
    expect(await bed.insight.countSent('m2', parisMidnight)).toBe(0);
    bed.clock.set('2025-03-11T00:30:00Z');
    expect((await adminStats()).messagesSentToday).toBe(3);
    bed.clock.set('2025-03-11T23:00:00Z');
    expect((await adminStats()).messagesSentToday).toBe(0);
    expect((await statsOf('m1')).totalMessagesSent).toBe(4);
  });

  it('a member’s campaign is asked by an index, whatever the others have', async () => {
    const plan = await bed.enrollments
      .find({ campaignId: defaultCampaignIdOf('m1') })
      .explain('queryPlanner');
    expect(JSON.stringify(plan['queryPlanner'])).toContain('campaign_targets');
  });
});
