import type { EnrollmentDoc, Row } from '../../notification-service/src/enrollments/index.ts';
import { rowKey } from '../../notification-service/src/enrollments/index.ts';
import { DAY_OF_TWO_PARTS, dayInText } from './cast.ts';
import type { Person } from './cast.ts';
import type { Payment } from './payments.ts';

/** A message as the network accepted it; `device` is null when somebody typed it on the phone. */
export interface Accepted {
  id: string;
  at: string;
  device: string | null;
  to: string;
  text: string;
}

export interface Verdict {
  delivered: number;
  duplicates: number;
  lost: number;
  afterStopped: number;
  skippedAfterUnknown: number;
  /** Messages that WhatsApp has and the service's rows deny or do not know. */
  unrecorded: number;
  /** Sequences that had not come to an end. */
  unfinished: number;
  /** One sentence for everything that should not be. */
  findings: string[];
}

type Judged = Pick<
  EnrollmentDoc,
  '_id' | 'referralUserId' | 'phone' | 'status' | 'exitReason' | 'step' | 'rows'
>;

/** What WhatsApp's log says against what the service believes. Pure. */
export function judge(evidence: {
  log: readonly Accepted[];
  enrollments: readonly Judged[];
  people: readonly Person[];
  payments: readonly Payment[];
  realMsOf(calendarAt: Date): number;
}): Verdict {
  const sent = deliveriesOf(evidence.log);
  const findings: string[] = [];
  const count = (sentences: string[]): number => {
    findings.push(...sentences);
    return sentences.length;
  };
  const counts = new Map<string, number>();
  for (const { key } of sent) counts.set(key, (counts.get(key) ?? 0) + 1);
  const twice = [...counts].filter(([, times]) => times > 1);
  const rows = evidence.enrollments.flatMap(doc => Object.values(doc.rows));
  return {
    delivered: sent.length,
    duplicates: count(twice.map(([key, times]) => `${key} went out ${times} times`)),
    lost: count([
      ...evidence.enrollments.flatMap(doc => lostOf(doc, counts)),
      ...neverEnrolled(evidence.people, evidence.enrollments, evidence.payments),
    ]),
    afterStopped: count(evidence.payments.flatMap(payment => afterStopped(payment, sent, evidence.realMsOf))),
    skippedAfterUnknown: rows.filter(row => row.reason === 'proved_absent').length,
    unrecorded: count(unrecorded(sent, evidence.enrollments)),
    unfinished: count(
      evidence.enrollments
        .filter(({ status, step }) => status === 'active' || step.state !== 'scheduled')
        .map(
          ({ referralUserId, step }) => `${referralUserId} still stands at day ${step.day}, ${step.state}`,
        ),
    ),
    findings,
  };
}

interface Delivery {
  key: string;
  to: string;
  day: number;
  at: Date;
}

const keyOf = (phone: string, day: number, part: number): string => `${phone} ${rowKey(day, part)}`;

/** The second picture has no words: it is known by that. */
function deliveriesOf(log: readonly Accepted[]): Delivery[] {
  return log.flatMap(({ device, to, text, at }) => {
    const said = dayInText(text);
    if (device === null || (said === null && text !== '')) return [];
    const day = said ?? DAY_OF_TWO_PARTS;
    return { key: keyOf(to, day, said === null ? 1 : 0), to, day, at: new Date(at) };
  });
}

/** Days that are over and have neither a message that WhatsApp took, nor a skip with its reason, nor an unknown. */
function lostOf(doc: Judged, accepted: ReadonlyMap<string, number>): string[] {
  const through = doc.exitReason === 'completed_7_days' ? 7 : doc.step.day - 1;
  const lost: string[] = [];
  const isKept = (row: Row | undefined, part: number): boolean => {
    if (!row) return false;
    if (row.outcome === 'sent') return accepted.has(keyOf(doc.phone ?? '', row.day, part));
    return row.outcome === 'unknown' || row.reason !== null;
  };
  for (let day = 1; day <= through; day++) {
    const first = doc.rows[rowKey(day, 0)];
    if (!isKept(first, 0))
      lost.push(`${doc.referralUserId} has lost day ${day}: ${JSON.stringify(first ?? null)}`);
    // What comes after an unknown is left out with it, also when it turns out later to have gone out.
    if (day !== DAY_OF_TWO_PARTS || first?.outcome !== 'sent' || first.reason !== null) continue;
    const second = doc.rows[rowKey(day, 1)];
    if (!isKept(second, 1)) lost.push(`${doc.referralUserId} has lost the second part of day ${day}`);
  }
  return lost;
}

function neverEnrolled(
  people: readonly Person[],
  enrollments: readonly Judged[],
  payments: readonly Payment[],
): string[] {
  const known = new Set([
    ...enrollments.map(({ referralUserId }) => referralUserId),
    ...payments.map(({ person }) => person.id),
  ]);
  return people.filter(({ id }) => !known.has(id)).map(({ id }) => `${id} was never enrolled`);
}

function afterStopped(
  { person, outcome, answeredAtMs, lastDay }: Payment,
  sent: readonly Delivery[],
  realMsOf: (at: Date) => number,
): string[] {
  return sent
    .filter(({ to, day, at }) => {
      if (to !== person.phone || realMsOf(at) <= answeredAtMs) return false;
      return outcome !== 'in_flight' || day > (lastDay ?? 0);
    })
    .map(({ day }) => `${person.id} got day ${day} after the answer ${outcome}`);
}

function unrecorded(sent: readonly Delivery[], enrollments: readonly Judged[]): string[] {
  const byPhone = new Map(enrollments.map(doc => [doc.phone, doc]));
  return sent.flatMap(({ key, to }) => {
    const doc = byPhone.get(to);
    const [, name = ''] = key.split(' ');
    const row = doc?.rows[name];
    const open = doc?.step.fence && rowKey(doc.step.day, doc.step.part) === name;
    if (open || row?.outcome === 'sent' || row?.outcome === 'unknown') return [];
    return `${key} went out, and its row says ${JSON.stringify(row ?? null)}`;
  });
}
