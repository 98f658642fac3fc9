import type { CampaignDoc } from '../campaigns/index.ts';
import type { EnrollmentDoc, ExitReason, PersonDoc, WhyCode } from '../enrollments/index.ts';
import type { MemberDoc } from '../members/index.ts';
import type { Calendar } from './calendar-port.ts';
import type { OutgoingDoc } from './outgoing-model.ts';
import type { Subject } from './subject.ts';

/** What is known of the world when a subject is considered. `people` are the documents under both keys. */
export interface World {
  now: Date;
  member: Pick<MemberDoc, 'subscription'> | null;
  campaign: Pick<CampaignDoc, 'status' | 'maxMessagesPerDay'> | null;
  /** When this campaign's messages of the last 24 hours were fenced on this channel, oldest first. */
  campaignSends: readonly Date[];
  people: readonly PersonDoc[];
  calendar: Calendar;
  settings: { paymentFreshnessMs: number; maxShiftDays: number };
}

export type Decision =
  | { kind: 'wanted' }
  /** Not now. `at` null: until somebody changes something. */
  | { kind: 'later'; why: WhyCode; at: Date | null; detail: string | null }
  /** Never. For an outgoing message the reason is only kept in its row. */
  | { kind: 'end'; reason: ExitReason }
  /** This day (or what is left of it) is left out with its reason; the sequence goes on. */
  | { kind: 'skip'; reason: string };

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WANTED: Decision = { kind: 'wanted' };
const later = (why: WhyCode, at: Date | null, detail: string | null = null): Decision => ({
  kind: 'later',
  why,
  at,
  detail,
});

/** The one question of a turn, asked before it is taken: is this still wanted, and now? Pure. */
export function stillWanted(subject: Subject, world: World): Decision {
  return subject.kind === 'enrollment'
    ? enrollmentWanted(subject.doc, world)
    : outgoingWanted(subject.doc, world);
}

function enrollmentWanted(doc: EnrollmentDoc, world: World): Decision {
  const { now, calendar } = world;
  const forbidden = personForbids(world.people, { mayHavePaid: doc.forSubscribers });
  if (forbidden) return { kind: 'end', reason: forbidden };
  if (world.campaign?.status === 'cancelled') return { kind: 'end', reason: 'manual' };
  if (doc.phone === null) return { kind: 'end', reason: 'invalid_number' };
  if (doc.held) return later('held', null, doc.held.reason);
  if (world.campaign?.status === 'paused') return later('campaign_paused', null);
  const lateDays = doc.shiftDays + calendar.lateDays(doc.step.dueAt, now, doc.zone);
  if (lateDays > world.settings.maxShiftDays) return { kind: 'end', reason: 'stale' };
  if (doc.step.part > 0 && now.getTime() - (doc.step.startedAt ?? now).getTime() > 6 * HOUR) {
    return { kind: 'skip', reason: 'rest_too_late' };
  }
  if (doc.step.dueAt > now) return later('not_due', doc.step.dueAt);
  if (doc.step.part === 0 && doc.lastLocalDate === calendar.localDateOf(now, doc.zone)) {
    // Only an instant in the next local date helps; an hour is the finest step a zone's midnight needs.
    return later('not_due', new Date(now.getTime() + HOUR), 'one message a day');
  }
  const window = calendar.windowAt(now, doc.zone);
  if (!window.open) return later('outside_window', window.opensAt);
  if (world.member?.subscription.noSince) {
    return later('subscription_unknown_or_ended', new Date(now.getTime() + HOUR));
  }
  if (!doc.forSubscribers && !isFresh(doc.unpaidSeenAt, now, world.settings.paymentFreshnessMs)) {
    return later('payment_unknown', new Date(now.getTime() + 10 * MINUTE));
  }
  const room = campaignRoom(world);
  if (room !== null && doc.step.part === 0) return later('campaign_cap', room);
  return WANTED;
}

/** Null while the campaign may send; else when the message leaves its 24 hours that makes room. */
function campaignRoom({ campaign, campaignSends, now }: World): Date | null {
  const cap = campaign?.maxMessagesPerDay ?? null;
  if (cap === null) return null;
  const within = campaignSends.filter(at => at.getTime() > now.getTime() - DAY);
  const leaves = within[within.length - cap];
  return leaves === undefined ? null : new Date(leaves.getTime() + DAY);
}

const isFresh = (seenAt: Date | null, now: Date, freshnessMs: number): boolean =>
  seenAt !== null && now.getTime() - seenAt.getTime() <= freshnessMs;

function outgoingWanted(doc: OutgoingDoc, { now, people }: World): Decision {
  if (doc.expiresAt && doc.expiresAt < now) return { kind: 'skip', reason: 'expired' };
  // The confirmation of an opt-out is the one message that somebody who opted out still gets.
  if (doc.kind === 'opt_out_confirmation') return WANTED;
  return people.some(person => person.optedOutAt) ? { kind: 'skip', reason: 'opted_out' } : WANTED;
}

/** What is remembered about a person and bars every further message; the strongest reason first. Pure. */
function personForbids(people: readonly PersonDoc[], options: { mayHavePaid: boolean }): ExitReason | null {
  if (people.some(person => person.optedOutAt)) return 'opted_out';
  if (people.some(person => person.suppressedAt)) return 'manual';
  if (people.some(person => person.unreachableAt)) return 'unreachable';
  if (!options.mayHavePaid && people.some(person => person.paidAt)) return 'paid';
  return null;
}

/** 4, the last read before the fence: what must not have changed since the pick. */
export function stillWilling(
  subject: Subject,
  seen: {
    people: readonly PersonDoc[];
    campaign: Pick<CampaignDoc, 'status'> | null;
    pauses: { member: boolean; admin: boolean };
    sendingIsOn: boolean;
  },
): boolean {
  if (seen.pauses.member || seen.pauses.admin || !seen.sendingIsOn) return false;
  if (subject.kind === 'outgoing') {
    return subject.doc.kind === 'opt_out_confirmation' || !seen.people.some(person => person.optedOutAt);
  }
  const running = seen.campaign === null || seen.campaign.status === 'active';
  return running && personForbids(seen.people, { mayHavePaid: subject.doc.forSubscribers }) === null;
}
