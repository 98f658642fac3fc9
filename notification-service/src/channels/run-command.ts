import type { Collection } from '../platform/mongo.ts';
import type { Logger } from '../platform/logger.ts';
import type { Events } from '../platform/events.ts';
import type { Clock } from '../platform/clock.ts';
import type { ChannelDoc } from './channel-model.ts';
import { claimFreeChannel } from './claims.ts';
import type { CommandAnswer, CommandDoc, CommandRequest } from './command-model.ts';
import type { NoteConnection } from './connection-history.ts';
import type { Instances } from './instances.ts';
import type { MachineClocks } from './lifeline.ts';
import { CLOSED_MEANING, OTHER_MEMBERS_NUMBER } from './sentences.ts';
import type { Host, Hosted } from './session-host.ts';
import { TransportError } from './transport.ts';
import type { Transport } from './transport.ts';

export interface RunDeps {
  commands: Collection<CommandDoc>;
  channels: Collection<ChannelDoc>;
  instances: Instances;
  events: Events;
  host: Host;
  transport: Transport;
  clock: Clock;
  clocks: MachineClocks;
  note: NoteConnection;
  logger: Logger;
}

const CONNECT_MS = 29_000;
const FAILED: CommandAnswer = { kind: 'failed', reason: 'failed', sentence: 'WhatsApp could not be reached. Please try again.' };

/** The worker of a command: takes it (at most once, whoever is reminded of it), does it, answers. */
export async function runCommand(commandId: string, deps: RunDeps): Promise<void> {
  const command = await deps.commands.findOneAndUpdate(
    { _id: commandId, takenBy: null },
    { $set: { takenBy: deps.host.instanceId } },
  );
  if (!command) return;
  const answer = await doIt(command.channelId, command.request, deps).catch((error: unknown) => failure(error, deps));
  await deps.events.answer(commandId, answer);
}

function failure(error: unknown, { logger }: RunDeps): CommandAnswer {
  if (error instanceof TransportError) return { kind: 'failed', reason: error.reason, sentence: error.message };
  logger.error('A command went wrong.', { error });
  return FAILED;
}

async function doIt(channelId: string, request: CommandRequest, deps: RunDeps): Promise<CommandAnswer> {
  const channel = await deps.channels.findOne({ _id: channelId });
  if (!channel) return FAILED;
  switch (request.kind) {
    case 'connect':
      return connect(channel, request.qrLeftMs, deps);
    case 'pairing_code':
      return pairingCode(channel, request.phone, deps);
    case 'disconnect':
      return disconnect(channel, request.force, deps);
  }
}

/** The channel on this instance: held already, or claimed when it is free. */
async function hostedHere(channel: ChannelDoc, deps: RunDeps): Promise<Hosted | 'no_capacity' | 'elsewhere'> {
  const { host } = deps;
  const hosted = host.hosted(channel._id);
  if (hosted && (hosted.session !== null || hosted.reopening !== null)) return hosted;
  if (!hosted && !host.hasRoom()) return 'no_capacity';
  const epoch = await claim(channel, deps);
  if (epoch === null) return 'elsewhere';
  await deps.channels.updateOne(
    { _id: channel._id, 'owner.epoch': epoch },
    { $set: { state: channel.hasLogin ? 'connecting' : 'initializing', stateReason: null, stateAt: deps.clock.now() } },
  );
  return host.hold(channel, epoch);
}

async function claim(channel: ChannelDoc, deps: RunDeps): Promise<number | null> {
  const { owner } = channel;
  if (owner.instance === deps.host.instanceId && channel.turn) return owner.epoch;
  const free =
    owner.instance === null ||
    owner.instance === deps.host.instanceId ||
    !(await deps.instances.alive()).includes(owner.instance);
  if (!free) return null;
  const write = claimFreeChannel({ channelId: channel._id, ...owner }, deps.host.instanceId);
  const { matchedCount } = await deps.channels.updateOne(write.filter, write.update);
  return matchedCount > 0 ? owner.epoch + 1 : null;
}

async function connect(channel: ChannelDoc, qrLeftMs: number, deps: RunDeps): Promise<CommandAnswer> {
  const hosted = await hostedHere(channel, deps);
  if (hosted === 'no_capacity') return { kind: 'no_capacity' };
  if (hosted === 'elsewhere') return FAILED;
  const { clocks, host } = deps;
  hosted.askedMs = clocks.monotonicMs();
  const untilMs = clocks.monotonicMs() + CONNECT_MS;
  for (;;) {
    const answer = newsOf(hosted, qrLeftMs, deps);
    if (answer) return answer;
    const leftMs = untilMs - clocks.monotonicMs();
    if (leftMs <= 0) return { kind: 'failed', reason: 'deadline', sentence: 'QR code generation timeout' };
    await host.nextNews(hosted, leftMs);
  }
}

function newsOf(hosted: Hosted, qrLeftMs: number, { clocks }: RunDeps): CommandAnswer | null {
  if (hosted.serial !== null && hosted.session?.alive) return { kind: 'connected' };
  if (hosted.closed === 'other_member') return { kind: 'failed', reason: 'other_member', sentence: OTHER_MEMBERS_NUMBER };
  if (hosted.closed !== null && hosted.reopening === null) {
    return { kind: 'failed', reason: hosted.closed, sentence: CLOSED_MEANING[hosted.closed].sentence };
  }
  const validForMs = (hosted.qr?.untilMs ?? 0) - clocks.monotonicMs();
  return hosted.qr && !hosted.scanBegun && validForMs >= qrLeftMs
    ? { kind: 'qr', text: hosted.qr.text, validForMs }
    : null;
}

async function pairingCode(channel: ChannelDoc, phone: string, deps: RunDeps): Promise<CommandAnswer> {
  const session = deps.host.hosted(channel._id)?.session;
  if (!session) return FAILED;
  const code = await session.requestPairingCode(phone);
  await deps.events.publish(channel.memberId, { type: 'pairing_code', data: { code } }, { keep: false });
  return { kind: 'pairing_code', code };
}

/** Keeps the login, or (`force`) unlinks the device on WhatsApp's side and deletes it. */
async function disconnect(channel: ChannelDoc, force: boolean, deps: RunDeps): Promise<CommandAnswer> {
  let unlinked = false;
  if (force && channel.hasLogin) {
    const hosted = await hostedHere(channel, deps);
    const session = typeof hosted === 'string' ? null : await readySession(hosted, deps);
    unlinked = session ? (await session.unlink()).unlinked : false;
  }
  await deps.host.release(channel._id);
  if (force) await deps.transport.forget(channel._id);
  const now = deps.clock.now();
  await deps.channels.updateOne(
    { _id: channel._id, 'owner.instance': deps.host.instanceId },
    { $set: { 'owner.instance': null, sessionReadyAt: null }, $inc: { 'owner.epoch': 1 } },
  );
  await deps.note({
    channelId: channel._id,
    memberId: channel.memberId,
    event: force ? 'reset' : 'disconnected',
    reason: force && !unlinked ? 'not_confirmed_by_whatsapp' : null,
    at: now,
  });
  return { kind: 'done', unlinked };
}

const UNLINK_WITHIN_MS = 15_000;

async function readySession(hosted: Hosted, { host, clocks }: RunDeps): Promise<Hosted['session']> {
  const untilMs = clocks.monotonicMs() + UNLINK_WITHIN_MS;
  while (hosted.serial === null && hosted.closed === null && clocks.monotonicMs() < untilMs) {
    await host.nextNews(hosted, untilMs - clocks.monotonicMs());
  }
  return hosted.serial === null ? null : hosted.session;
}
