import type { UserActor } from '../http/route.ts';
import type { Clock } from '../platform/clock.ts';
import { monotonicNowMs, wallNowMs } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import { channelIdOf } from '../platform/ids.ts';
import type { Collection } from '../platform/mongo.ts';
import { parsePhone } from '../platform/phone.ts';
import { decideAttempt } from './attempts.ts';
import type { AttemptRules } from './attempts.ts';
import { newChannel } from './channel-model.ts';
import type { ChannelDoc } from './channel-model.ts';
import type { CommandAnswer, CommandRequest } from './command-model.ts';
import type { NoteConnection } from './connection-history.ts';
import { qrPicture } from './session-news.ts';
import type { TransportKind } from './transport.ts';

export interface ConnectDeps {
  channels: Collection<ChannelDoc>;
  clock: Clock;
  rules: AttemptRules;
  transportKind: TransportKind;
  note: NoteConnection;
  command(channelId: string, request: CommandRequest, deadlineMs: number): Promise<CommandAnswer | null>;
  /** The member exists afterwards: enrollment goes over members. */
  ensureMember(actor: UserActor): Promise<void>;
  /** The automatic help request, once per cooldown. */
  askForHelp(actor: UserActor, retryCount: number, typedPhone: string | null): Promise<void>;
}

export type Connected =
  | { kind: 'connected' }
  | {
      kind: 'qr';
      data: {
        /** `data:image/png;base64,…` */
        qr: string;
        /** What is left of the attempt's countdown. */
        expiresInSeconds: number;
        attempt: number;
        maxAttempts: number;
        pairingCode?: string;
      };
    };

const DEADLINE_MS = 30_000;
/** A QR with less than this left is not handed out: the member app shows the first picture and never replaces it. */
const QR_LEFT_MS = 10_000;
const BUSY_AGAIN_AFTER_SECONDS = 60;

/** The QR of this moment, or that WhatsApp is connected already. Throws the refusals of the contract. */
export async function connectChannel(
  actor: UserActor,
  phoneNumber: string | undefined,
  deps: ConnectDeps,
): Promise<Connected> {
  const phone = phoneNumber === undefined ? null : phoneFor(phoneNumber);
  await deps.ensureMember(actor);
  const channel = await findOrCreate(actor.userId, deps);
  const decision = decideAttempt(channel.attempts, nowOf(deps), deps.rules);
  // A channel with a login needs no attempt: it is asked whether it is really connected, and opened when not.
  if (!channel.hasLogin && decision.kind === 'cooldown') return refuse(actor, channel, decision, deps);
  const opened = await open(channel._id, deps);
  if (opened.kind === 'connected') return opened;
  const counted = await count(channel._id, deps);
  if (counted.kind === 'cooldown') return refuse(actor, channel, counted, deps);
  const code = phone === null ? null : await pairingCode(channel._id, phone, deps);
  const data = {
    qr: await qrPicture(opened.text),
    expiresInSeconds: Math.max(1, Math.ceil(counted.leftMs / 1000)),
    attempt: counted.attempt,
    maxAttempts: deps.rules.maxAttempts,
    ...(code === null ? {} : { pairingCode: code }),
  };
  return { kind: 'qr', data };
}

/** Asks the host. A kept login that turns out to be worth nothing is followed by a QR. */
async function open(channelId: string, deps: ConnectDeps): Promise<ReturnType<typeof readAnswer>> {
  const untilMs = monotonicNowMs() + DEADLINE_MS;
  const ask = () =>
    deps.command(
      channelId,
      { kind: 'connect', qrLeftMs: QR_LEFT_MS },
      Math.max(0, untilMs - monotonicNowMs()),
    );
  const answer = await ask();
  const isUnlinked = answer?.kind === 'failed' && answer.reason === 'unlinked';
  return readAnswer(isUnlinked ? await ask() : answer);
}

const nowOf = ({ clock }: ConnectDeps) => ({ calendar: clock.now(), machine: new Date(wallNowMs()) });

function phoneFor(text: string): string {
  const parsed = parsePhone(text);
  if (!parsed)
    throw new AppError(
      'bad_request',
      'This phone number is not valid. Please write it with its country code.',
    );
  return parsed.phone;
}

/** The member's line, created when absent. */
export async function findOrCreate(
  memberId: string,
  { channels, clock, transportKind }: Pick<ConnectDeps, 'channels' | 'clock' | 'transportKind'>,
): Promise<ChannelDoc> {
  const fresh = newChannel({
    _id: channelIdOf(memberId),
    memberId,
    transport: transportKind,
    at: clock.now(),
  });
  const { _id, ...fields } = fresh;
  const channel = await channels.findOneAndUpdate(
    { _id },
    { $setOnInsert: fields },
    { upsert: true, returnDocument: 'after' },
  );
  return channel ?? fresh;
}

/** Begins the next attempt, or keeps the one whose countdown runs; two requests at once are one attempt. */
async function count(
  channelId: string,
  deps: ConnectDeps,
): Promise<
  | { kind: 'attempt'; attempt: number; leftMs: number }
  | Extract<ReturnType<typeof decideAttempt>, { kind: 'cooldown' }>
> {
  for (;;) {
    const channel = await deps.channels.findOne({ _id: channelId });
    if (!channel) throw new AppError('not_found', 'Channel not found');
    const now = nowOf(deps);
    const decision = decideAttempt(channel.attempts, now, deps.rules);
    if (decision.kind === 'cooldown') return decision;
    if (decision.kind === 'same')
      return { kind: 'attempt', attempt: decision.attempt, leftMs: decision.leftMs };
    const leftMs = deps.rules.qrSeconds * 1000;
    const { matchedCount } = await deps.channels.updateOne(
      {
        _id: channelId,
        'attempts.count': channel.attempts.count,
        'attempts.endsAt': channel.attempts.endsAt,
      },
      {
        $set: {
          'attempts.count': decision.attempt,
          'attempts.startedAt': now.machine,
          'attempts.endsAt': new Date(now.machine.getTime() + leftMs),
          'attempts.cooldownUntil': null,
          ...(decision.attempt === 1 ? { 'attempts.helpSentForCooldown': false } : {}),
        },
      },
    );
    if (matchedCount > 0) return { kind: 'attempt', attempt: decision.attempt, leftMs };
  }
}

/** 429 with the end of the cooldown; its first refusal begins it and asks for help. */
async function refuse(
  actor: UserActor,
  channel: ChannelDoc,
  { until, begins }: { until: Date; begins: boolean },
  deps: ConnectDeps,
): Promise<never> {
  if (begins) {
    await deps.channels.updateOne(
      { _id: channel._id, 'attempts.cooldownUntil': null },
      { $set: { 'attempts.cooldownUntil': until, 'attempts.endsAt': null } },
    );
    await deps.note({
      channelId: channel._id,
      memberId: actor.userId,
      event: 'cooldown',
      reason: null,
      at: deps.clock.now(),
    });
  }
  const first = await deps.channels.updateOne(
    { _id: channel._id, 'attempts.helpSentForCooldown': false },
    { $set: { 'attempts.helpSentForCooldown': true } },
  );
  if (first.modifiedCount > 0)
    await deps.askForHelp(actor, channel.attempts.count, channel.attempts.typedPhone);
  throw new AppError(
    'rate_limited',
    'Too many attempts without a scan. Please try again later; help is on its way.',
    {
      details: { cooldownUntil: until.toISOString() },
      retryAfterSeconds: Math.max(
        1,
        Math.ceil((until.getTime() - deps.clock.now().getTime()) / 1000 / deps.clock.rate),
      ),
    },
  );
}

function readAnswer(answer: CommandAnswer | null): { kind: 'connected' } | { kind: 'qr'; text: string } {
  if (answer === null) throw new AppError('timeout', 'QR code generation timeout');
  switch (answer.kind) {
    case 'connected':
      return { kind: 'connected' };
    case 'qr':
      return { kind: 'qr', text: answer.text };
    case 'no_capacity':
      throw new AppError(
        'unavailable',
        'All connections are busy at the moment. Please try again in a minute.',
        {
          retryAfterSeconds: BUSY_AGAIN_AFTER_SECONDS,
        },
      );
    case 'failed':
      if (answer.reason === 'deadline') throw new AppError('timeout', 'QR code generation timeout');
      if (answer.reason === 'other_member') throw new AppError('conflict', answer.sentence);
      throw new AppError('unavailable', answer.sentence, { retryAfterSeconds: BUSY_AGAIN_AFTER_SECONDS });
    default:
      throw new AppError('unavailable', 'WhatsApp could not be reached. Please try again.');
  }
}

async function pairingCode(channelId: string, phone: string, deps: ConnectDeps): Promise<string> {
  await deps.channels.updateOne({ _id: channelId }, { $set: { 'attempts.typedPhone': phone } });
  const answer = await deps.command(channelId, { kind: 'pairing_code', phone }, DEADLINE_MS);
  if (answer?.kind === 'pairing_code') return answer.code;
  throw new AppError(
    'unavailable',
    'A pairing code could not be made. Please scan the QR code, or try again.',
  );
}
