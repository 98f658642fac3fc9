import type { EnrollmentDoc } from '../../src/enrollments/index.ts';
import { rowKey } from '../../src/enrollments/index.ts';
import type { Call, World } from './world.ts';
import { channelOf, DAY, enrollmentOf } from './world.ts';

/** What must hold, as sentences that begin with the letter of the specification. Null: it holds. */

export const keyOf = (call: Pick<Call, 'subjectId' | 'day' | 'part'>): string =>
  `${call.subjectId}/${rowKey(call.day, call.part)}`;

/** (a), at each delivery. */
export function deliveredTwice(world: World): string | null {
  const keys = world.delivered.map(one => one.key);
  const twice = keys.find((key, at) => keys.indexOf(key) !== at);
  return twice === undefined ? null : `(a) ${twice} was delivered twice`;
}

/** (b), (c) and (d), at the beginning of each call. */
export function forbiddenCall(world: World, call: Call): string | null {
  for (const answer of world.answers) {
    if (answer.outcome === 'stopped' || answer.outcome === 'already')
      return `(b) a call after ${answer.outcome}`;
    if (answer.outcome === 'in_flight' && call.day > answer.day) return '(b) a later day after in_flight';
    if (answer.outcome === 'none') return '(c) a call after none';
  }
  const other = world.calls.some(
    one =>
      one.id !== call.id &&
      one.channelId === call.channelId &&
      !one.answered &&
      world.sessions[one.session]?.serial === one.serial &&
      world.sessions[one.session]?.wire === true,
  );
  return other ? '(d) a call while another of this channel is under way in a living session' : null;
}

/** (f), (g) and (h), in every state. */
export function brokenInvariants(world: World): (string | null)[] {
  const doc = enrollmentOf(world);
  return doc === null ? [] : [sendingWithoutTurn(world, doc), rowsDisagree(world, doc), tooFewSlots(world)];
}

function sendingWithoutTurn(world: World, doc: EnrollmentDoc): string | null {
  if (doc.step.state !== 'sending') return null;
  const channels = Object.keys(world.collections['channels'] ?? {});
  const named = channels.some(id => channelOf(world, id).turn?.token === doc.step.fence?.token);
  return named ? null : '(f) sending without a turn';
}

function rowsDisagree(world: World, doc: EnrollmentDoc): string | null {
  const delivered = new Set(world.delivered.map(one => one.key));
  const here = `${doc._id}/${rowKey(doc.step.day, doc.step.part)}`;
  if (doc.status === 'active' && doc.step.state === 'scheduled' && delivered.has(here)) {
    return `(g) ${here} is scheduled, but WhatsApp has it`;
  }
  for (const row of Object.values(doc.rows)) {
    const key = `${doc._id}/${rowKey(row.day, row.part)}`;
    if (row.outcome === 'sent' && !delivered.has(key))
      return `(g) ${key} has a row as sent, but WhatsApp does not have it`;
    if (row.outcome === 'skipped' && delivered.has(key))
      return `(g) ${key} has a row as skipped, but WhatsApp has it`;
  }
  for (const key of delivered) {
    const row = Object.values(doc.rows).find(one => `${doc._id}/${rowKey(one.day, one.part)}` === key);
    if (!row && !(key === here && doc.step.state !== 'scheduled'))
      return `(g) WhatsApp has ${key}, but no row and no open step`;
  }
  return null;
}

function tooFewSlots(world: World): string | null {
  for (const id of Object.keys(world.collections['channels'] ?? {})) {
    const channel = channelOf(world, id);
    const sinceMs = world.calendarMs - DAY;
    const sent = world.delivered.filter(one => one.channelId === id && one.atMs > sinceMs).length;
    if (!channel.turn && channel.pace.sends.length < sent)
      return `(h) ${channel.pace.sends.length} slots for ${sent} deliveries`;
  }
  return null;
}

/** (e), in states where all is idle (and the sweep has been by). */
export function dueWithoutAlarm(world: World): string | null {
  const doc = enrollmentOf(world);
  if (doc?.status !== 'active' || doc.step.state !== 'scheduled' || doc.step.tryAt === null) return null;
  if (doc.step.tryAt.getTime() > world.calendarMs) return null;
  const channel = channelOf(world, doc.channelId);
  const paused = channel.pauses.member || channel.pauses.admin;
  if (paused || channel.turn) return null;
  return channel.nextActionAt === undefined ? '(e) due work of an unpaused channel without an alarm' : null;
}
