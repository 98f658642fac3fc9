import type { Clock } from '../platform/clock.ts';
import type { Events } from '../platform/events.ts';
import type { Logger } from '../platform/logger.ts';
import type { Collection } from '../platform/mongo.ts';
import type { ChannelDoc } from './channel-model.ts';
import type { CommandAnswer, CommandDoc } from './command-model.ts';
import { nextNews } from './hosted.ts';
import type { Hosted } from './hosted.ts';
import type { Instances } from './instances.ts';
import type { SendCommand } from './issue-command.ts';
import { aliveOwner } from './issue-command.ts';
import type { MachineClocks } from './lifeline.ts';
import type { Ownership } from './ownership.ts';
import { CLOSED_MEANING, GIVEN_UP, NOT_REACHED, OTHER_MEMBERS_NUMBER } from './sentences.ts';
import type { Host } from './session-host.ts';
import { TransportError } from './transport.ts';
import type { Transport } from './transport.ts';

export interface RunDeps {
  commands: Collection<CommandDoc>;
  channels: Collection<ChannelDoc>;
  instances: Pick<Instances, 'alive' | 'withRoom'>;
  events: Pick<Events, 'answer' | 'publish'>;
  host: Host;
  ownership: Ownership;
  transport: Pick<Transport, 'forget'>;
  clock: Clock;
  clocks: MachineClocks;
  logger: Logger;
  send: SendCommand;
}

/** Whose session it is to do it with: ours, or another instance that the command is passed on to. */
type Place = { hosted: Hosted } | { passTo: string } | 'no_capacity' | 'busy';

const CONNECT_MS = 29_000;
const UNLINK_WITHIN_MS = 15_000;
const LOOK_AGAIN_MS = 500;
const MOST_PASSED_ON = 3;
/** A code that has not been renewed for this long after its end will not be: the session has to be started anew. */
const STALE_AFTER_MS = 5_000;
const NO_QR_AFTER_MS = 45_000;
const FAILED: CommandAnswer = { kind: 'failed', reason: 'failed', sentence: NOT_REACHED };
const DEADLINE: CommandAnswer = {
  kind: 'failed',
  reason: 'deadline',
  sentence: 'QR code generation timeout',
};

/** The worker of a command: takes it (at most once, whoever is reminded of it), does it, answers. */
export async function runCommand(commandId: string, deps: RunDeps): Promise<void> {
  if (!deps.host.isActing()) return;
  const command = await deps.commands.findOneAndUpdate(
    { _id: commandId, takenBy: null },
    { $set: { takenBy: deps.host.instanceId } },
  );
  if (!command) return;
  const answer = await doIt(command, deps).catch((error: unknown) => failure(error, deps));
  if (answer) await deps.events.answer(commandId, answer);
}

function failure(error: unknown, { logger }: RunDeps): CommandAnswer {
  if (error instanceof TransportError)
    return { kind: 'failed', reason: error.reason, sentence: error.message };
  logger.error('A command went wrong.', { error });
  return FAILED;
}

/** Null: passed on, somebody else answers. */
function doIt(command: CommandDoc, deps: RunDeps): Promise<CommandAnswer | null> {
  const { request } = command;
  switch (request.kind) {
    case 'connect':
      return connect(command, request.qrLeftMs, deps);
    case 'pairing_code':
      return pairingCode(command.channelId, request.phone, deps);
    case 'disconnect':
      return disconnect(command, request.force, deps);
  }
}

/** The channel on this instance: held already, or taken when it is free. */
async function placeOf(channel: ChannelDoc, deps: RunDeps): Promise<Place> {
  const { host, ownership } = deps;
  const hosted = host.hosted(channel._id);
  if (hosted && !isStuck(hosted, deps)) return { hosted };
  const owner = await aliveOwner(channel._id, deps);
  if (owner !== null && owner !== host.instanceId) return { passTo: owner };
  if (!hosted && !ownership.hasRoom()) {
    const other = await deps.instances.withRoom(host.instanceId);
    return other === null ? 'no_capacity' : { passTo: other };
  }
  const taken = await ownership.take(channel);
  if (!taken) return 'busy';
  await begun(channel, taken, deps);
  return { hosted: taken };
}

/** Waits for a scan with a code that does not move any more. */
function isStuck(hosted: Hosted, { clocks }: RunDeps): boolean {
  if (hosted.serial !== null || hosted.hadLogin || hosted.scanBegun || hosted.life === null) return false;
  const nowMs = clocks.monotonicMs();
  return hosted.qr ? nowMs - hosted.qr.untilMs > STALE_AFTER_MS : nowMs - hosted.openedMs > NO_QR_AFTER_MS;
}

/** Nothing has come of it yet: the page may show that something is under way. */
async function begun(channel: ChannelDoc, { epoch }: Hosted, deps: RunDeps): Promise<void> {
  const state = channel.hasLogin ? 'connecting' : 'initializing';
  const { matchedCount } = await deps.channels.updateOne(
    { _id: channel._id, 'owner.epoch': epoch, state: channel.state, stateAt: channel.stateAt },
    { $set: { state, stateReason: null, stateAt: deps.clock.now() } },
  );
  if (matchedCount === 0) return;
  const data = { state, reason: null, sentence: null };
  await deps.events.publish(channel.memberId, { type: 'state', data }, { keep: true });
}

/** Where the command is done, waiting while the channel changes hands; an answer when it cannot be done here. */
async function settle(
  command: CommandDoc,
  untilMs: number,
  deps: RunDeps,
): Promise<{ hosted: Hosted } | { answer: CommandAnswer | null }> {
  for (;;) {
    const channel = await deps.channels.findOne({ _id: command.channelId });
    if (!channel || !deps.host.isActing()) return { answer: FAILED };
    const place = await placeOf(channel, deps);
    if (place === 'no_capacity') return { answer: { kind: 'no_capacity' } };
    if (place !== 'busy')
      return 'hosted' in place ? place : { answer: await passOn(command, place.passTo, deps) };
    if (deps.clocks.monotonicMs() >= untilMs) return { answer: DEADLINE };
    await new Promise(resolve => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

/** Untaken again before anything was done. */
async function passOn(command: CommandDoc, instance: string, deps: RunDeps): Promise<CommandAnswer | null> {
  if (command.passedOn >= MOST_PASSED_ON) return { kind: 'no_capacity' };
  const untaken = await deps.commands.updateOne(
    { _id: command._id, takenBy: deps.host.instanceId },
    { $set: { takenBy: null }, $inc: { passedOn: 1 } },
  );
  if (untaken.matchedCount > 0) await deps.send(command._id, instance);
  return null;
}

async function connect(command: CommandDoc, qrLeftMs: number, deps: RunDeps): Promise<CommandAnswer | null> {
  const { clocks } = deps;
  const untilMs = clocks.monotonicMs() + CONNECT_MS;
  const settled = await settle(command, untilMs, deps);
  if ('answer' in settled) return settled.answer;
  const { hosted } = settled;
  hosted.askedMs = clocks.monotonicMs();
  for (;;) {
    const answer = newsOf(hosted, qrLeftMs, deps);
    if (answer) return answer;
    const leftMs = untilMs - clocks.monotonicMs();
    if (leftMs <= 0) return DEADLINE;
    await nextNews(hosted, leftMs);
  }
}

function newsOf(hosted: Hosted, qrLeftMs: number, { clocks, host }: RunDeps): CommandAnswer | null {
  if (hosted.serial !== null && hosted.session?.alive) return { kind: 'connected' };
  // Held no more: it is over for good. One that is being reopened is held.
  if (host.hosted(hosted.channelId) !== hosted)
    return endedBecause(hosted.closed ?? 'closed', hosted.hadLogin);
  const validForMs = (hosted.qr?.untilMs ?? 0) - clocks.monotonicMs();
  return hosted.qr && !hosted.scanBegun && validForMs >= qrLeftMs
    ? { kind: 'qr', text: hosted.qr.text, validForMs }
    : null;
}

function endedBecause(reason: NonNullable<Hosted['closed']>, hadLogin: boolean): CommandAnswer {
  if (reason === 'closed') return FAILED;
  if (reason === 'other_member') return { kind: 'failed', reason, sentence: OTHER_MEMBERS_NUMBER };
  const { reopens, sentence } = CLOSED_MEANING[reason];
  return { kind: 'failed', reason, sentence: reopens ? (hadLogin ? GIVEN_UP : NOT_REACHED) : sentence };
}

async function pairingCode(channelId: string, phone: string, deps: RunDeps): Promise<CommandAnswer> {
  const hosted = deps.host.hosted(channelId);
  if (!hosted?.session) return FAILED;
  hosted.askedMs = deps.clocks.monotonicMs();
  const code = await hosted.session.requestPairingCode(phone);
  const event = { type: 'pairing_code', data: { code } };
  await deps.events.publish(hosted.memberId, event, { keep: false });
  return { kind: 'pairing_code', code };
}

/** Keeps the login, or (`force`) unlinks the device on WhatsApp's side and deletes it. */
async function disconnect(command: CommandDoc, force: boolean, deps: RunDeps): Promise<CommandAnswer | null> {
  const { channelId: _id } = command;
  const channel = await deps.channels.findOne({ _id });
  if (!channel) return FAILED;
  let unlinked = false;
  if (force && channel.hasLogin) {
    const settled = await settle(command, deps.clocks.monotonicMs() + UNLINK_WITHIN_MS, deps);
    if ('answer' in settled && settled.answer === null) return null;
    if ('hosted' in settled) {
      await untilReady(settled.hosted, deps);
      unlinked = await deps.host.unlink(settled.hosted);
    }
  }
  await deps.host.release(_id);
  if (force) await deps.transport.forget(_id);
  // The epoch rises: whatever was under way with the session that is gone finds that out.
  await deps.channels.updateOne(
    { _id, 'owner.instance': deps.host.instanceId },
    { $set: { 'owner.instance': null, sessionReadyAt: null }, $inc: { 'owner.epoch': 1 } },
  );
  return { kind: 'done', unlinked };
}

/** Only a session that is ready can tell WhatsApp. */
async function untilReady(hosted: Hosted, { clocks }: RunDeps): Promise<void> {
  const untilMs = clocks.monotonicMs() + UNLINK_WITHIN_MS;
  while (hosted.serial === null && hosted.closed === null && clocks.monotonicMs() < untilMs) {
    await nextNews(hosted, untilMs - clocks.monotonicMs());
  }
}
