import {
  claimFreeChannel,
  pauseChannelUpdate,
  resumeChannelUpdate,
  wakeChannelUpdate,
} from '../../src/channels/index.ts';
import type { ChannelDoc, HeldSession, Session, SessionHost } from '../../src/channels/index.ts';
import type { SendOutcome } from '../../src/channels/index.ts';
import { stepReconcile } from '../../src/delivery/reconcile-steps.ts';
import { stepRecovery } from '../../src/delivery/recovery-steps.ts';
import { stepSweep } from '../../src/delivery/sweep.ts';
import type { Fenced, TurnDeps, TurnState } from '../../src/delivery/turn.ts';
import { stepTurn } from '../../src/delivery/turn-steps.ts';
import { stepExit } from '../../src/enrollments/exit-steps.ts';
import { moveWrites } from '../../src/enrollments/hold-enrollment.ts';
import type { Brakes } from '../../src/delivery/pace.ts';
import type { DocStore } from '../../src/platform/doc-store.ts';
import { memoryStore } from './memory-store.ts';
import type { Operation, Query, Update } from './memory-store.ts';
import { forbiddenCall } from './properties.ts';
import type { Mutation } from './mutations.ts';
import type { Actor, Call, ModelSession, World } from './world.ts';
import { CHANNEL, channelOf, DAY, enrollmentDoc, enrollmentOf, OTHER_CHANNEL } from './world.ts';

export interface MachineSettings {
  parts: number;
  whenAbsent: 'skip' | 'resend';
  /** Whether the transport chooses message ids; else reconcile goes by the body. */
  choosesIds: boolean;
  mutation: Mutation | null;
  record?: (operation: Operation) => void;
}

const NO_BRAKES: Brakes = {
  gapFactor: 1,
  capFactor: 1,
  firstContactFactor: 1,
  firstContactsAllowed: true,
  rest: false,
};

/** Runs the production step functions over a world that is a copy of its own: `run` returns the world after one step. */
export function createMachine(settings: MachineSettings) {
  let world: World;
  let acting: Actor;
  const { mutation } = settings;

  const rewrite = (collection: string, filter: Query, update: Update) =>
    mutation?.rewrite?.(acting, collection, filter, update) ?? { filter, update };
  const store: DocStore = memoryStore(() => world, {
    rewrite,
    blind: collection => mutation?.blind?.(acting, collection) ?? false,
    ...(settings.record ? { record: settings.record } : {}),
  });

  const sessionKey = (channelId: string, instance: string) => `${channelId}@${instance}`;
  const sessionObjects = new Map<string, Session>();
  const sessionObject = (channelId: string, instance: string, serial: number): Session => {
    const id = `${channelId}@${instance}#${serial}`;
    const known = sessionObjects.get(id);
    if (known) return known;
    const made = modelSession(channelId, instance, serial, id);
    sessionObjects.set(id, made);
    return made;
  };

  function modelSession(channelId: string, instance: string, serial: number, id: string): Session {
    const present = (): ModelSession | undefined => {
      const session = world.sessions[sessionKey(channelId, instance)];
      return session?.serial === serial ? session : undefined;
    };
    return {
      get alive() {
        return present()?.held === true;
      },
      requestPairingCode: () => Promise.reject(new Error('not in the model')),
      lookUp: () => Promise.resolve({ chatId: 'chat1', lid: null }),
      typing: () => Promise.resolve(),
      newMessageId: () => (settings.choosesIds ? `id-${acting.name}-${world.tokens++}` : null),
      // The answer comes by an action of the environment, so what is returned is only a mark.
      send: (_chatId, part, messageId) =>
        beginCall(channelId, instance, present()?.serial ?? serial, part.text, messageId),
      history: () => Promise.resolve(historyFor(channelId)),
      unlink: () => Promise.reject(new Error('not in the model')),
      close: () => Promise.resolve(),
      ...{ toJSON: () => id },
    };
  }

  function beginCall(
    channelId: string,
    instance: string,
    serial: number,
    text: string,
    messageId: string | null,
  ) {
    const { turn } = acting.state as { turn: Fenced };
    const call: Call = {
      id: world.calls.length,
      actor: acting.name,
      session: sessionKey(channelId, instance),
      serial,
      channelId,
      subjectId: turn.subject.doc._id,
      day: turn.subject.doc.step.day,
      part: turn.subject.doc.step.part,
      messageId,
      text,
      fencedMs: turn.fence.at.getTime(),
      delivered: false,
      answered: false,
    };
    world.problem ??= forbiddenCall(world, call);
    world.calls = [...world.calls, call];
    return { callId: call.id } as unknown as Promise<SendOutcome>;
  }

  const historyFor = (channelId: string) =>
    world.delivered
      .filter(one => one.channelId === channelId)
      .map(one => ({
        messageId: one.messageId,
        at: new Date(one.atMs),
        fromMe: true,
        text: one.text,
        mediaKind: null,
        ack: 1 as const,
      }));

  /** A new session of a channel: WhatsApp cuts whatever wire it had before. */
  function connect(channelId: string, instance: string): void {
    const channel = channelOf(world, channelId);
    const serial = channel.sessionSerial + 1;
    const others = Object.entries(world.sessions).map(([key, session]) =>
      key.startsWith(`${channelId}@`) ? [key, { ...session, wire: false }] : [key, session],
    );
    world.sessions = {
      ...(Object.fromEntries(others) as Record<string, ModelSession>),
      [sessionKey(channelId, instance)]: { serial, epoch: channel.owner.epoch, wire: true, held: true },
    };
    setFields('channels', channelId, { sessionSerial: serial });
  }

  /** A write of somebody who is not in the model; the twin makes it at once. */
  function setFields(collection: string, id: string, fields: Record<string, unknown>): void {
    void store.updateOne(collection, { _id: id }, { $set: fields }, { upsert: true });
  }

  const hostOf = (instance: string): SessionHost => ({
    instanceId: instance,
    isActing: () => world.gone[instance] === undefined,
    held(channelId): HeldSession | null {
      const session = world.sessions[sessionKey(channelId, instance)];
      if (session?.held !== true) return null;
      const claimed =
        mutation?.pretendsNewerSession?.(acting) === true ? session.serial + 1000 : session.serial;
      return {
        channelId,
        session: sessionObject(channelId, instance, session.serial),
        serial: claimed,
        epoch: session.epoch,
        identity: { phone: '33600000009', lid: null, inUseSince: null },
      };
    },
    restart(channelId) {
      const mine =
        channelOf(world, channelId).owner.instance === instance && world.gone[instance] === undefined;
      if (mine) connect(channelId, instance);
      else closeSession(channelId, instance);
      return Promise.resolve();
    },
  });

  function closeSession(channelId: string, instance: string): void {
    const key = sessionKey(channelId, instance);
    const session = world.sessions[key];
    if (session) world.sessions = { ...world.sessions, [key]: { ...session, wire: false, held: false } };
  }

  function adopt(instance: string, channelId: string, epoch: number): Promise<void> {
    const key = sessionKey(channelId, instance);
    const session = world.sessions[key];
    if (session) world.sessions = { ...world.sessions, [key]: { ...session, epoch } };
    return Promise.resolve();
  }

  const localDay = (at: Date) => String(Math.floor(at.getTime() / DAY)).padStart(4, '0');
  const turnDeps = (instance: string): TurnDeps => ({
    store,
    clock: { now: () => new Date(world.calendarMs), rate: 1 },
    random: () => 0.5,
    calendar: {
      localDateOf: localDay,
      localMinuteOf: () => 600,
      windowAt: () => ({ open: true }),
      lateDays: (dueAt, at) => Math.max(0, Number(localDay(at)) - Number(localDay(dueAt))),
      nextDue: ({ lastLocalDate }) => ({
        dueAt: new Date((Number(lastLocalDate) + 1) * DAY + 10 * 3_600_000),
        lateDays: 0,
      }),
    },
    host: hostOf(instance),
    brakesOf: () => NO_BRAKES,
    settings: {
      pace: {
        delayMs: 0,
        jitterMs: 0,
        waveSize: 1e9,
        wavePauseMinutes: { min: 0, max: 0 },
        maxPerDay: 1e9,
        maxPerHour: 1e9,
        warmup: false,
        breakerFailures: 1e9,
        breakerMinutes: 1,
      },
      memberCapDefault: 1e9,
      paymentFreshnessMs: 1e15,
      maxShiftDays: 10,
      sendRetries: 3,
      sendingIsOn: true,
    },
    newToken: () => `${acting.name}-${world.tokens++}`,
    machineNow: () => ({ monotonicMs: world.machineMs, wallMs: world.machineMs }),
    pause: () => Promise.resolve(),
    words: subject =>
      Promise.resolve({
        kind: 'parts',
        parts: Array.from({ length: settings.parts }, (_, part) => ({
          text: `${subject.doc._id} day ${subject.doc.step.day} part ${part}`,
          media: null,
        })),
      }),
    attempted: () => undefined,
  });
  const depsByInstance = new Map<string, TurnDeps>();
  const depsOf = (instance: string): TurnDeps => {
    const known = depsByInstance.get(instance) ?? turnDeps(instance);
    depsByInstance.set(instance, known);
    return known;
  };

  async function step(actor: Actor): Promise<Actor['state']> {
    const deps = depsOf(actor.instance);
    switch (actor.kind) {
      case 'turn':
        return stepTurn(actor.state, deps);
      case 'recovery':
        if (mutation?.skips?.(actor))
          return { at: 'adopt', channel: actor.state.channel, turn: actor.state.turn, subject: null };
        return stepRecovery(actor.state, { ...deps, adopt: (id, epoch) => adopt(actor.instance, id, epoch) });
      case 'reconcile':
        return stepReconcile(actor.state, { ...deps, whenAbsent: settings.whenAbsent });
      case 'exit':
        return mutation?.exitStep
          ? mutation.exitStep(actor.state, { store })
          : stepExit(actor.state, { store });
      case 'sweep':
        return stepSweep(actor.state, deps);
      case 'script':
        return scriptStep(actor);
    }
  }

  async function scriptStep(actor: Extract<Actor, { kind: 'script' }>): Promise<{ at: number }> {
    const now = new Date(world.calendarMs);
    const next = { at: actor.state.at + 1 };
    const over = { at: -1 };
    switch (actor.script) {
      case 'create':
        if (actor.state.at === 0)
          return (await store.insertOne('enrollments', enrollmentDoc({ day: 6 }))) ? next : over;
        await store.updateOne('channels', { _id: CHANNEL }, wakeChannelUpdate(now));
        return over;
      case 'pause':
        if (actor.state.at === 0)
          await store.updateOne('channels', { _id: CHANNEL }, pauseChannelUpdate('member'));
        else await store.updateOne('channels', { _id: CHANNEL }, resumeChannelUpdate('member', now));
        return actor.state.at === 0 ? next : over;
      case 'move': {
        const writes = moveWrites({ enrollmentId: 'e1', from: CHANNEL, to: OTHER_CHANNEL, now });
        if (actor.state.at === 0)
          return (await store.updateOne('enrollments', writes.move.filter, writes.move.update)) ? next : over;
        await store.updateOne('channels', writes.alarm.filter, writes.alarm.update);
        return over;
      }
      case 'claim': {
        const channel = await store.findOne<ChannelDoc>('channels', { _id: CHANNEL });
        if (!channel) return over;
        const write = claimFreeChannel({ channelId: CHANNEL, ...channel.owner }, actor.instance);
        await store.updateOne('channels', write.filter, write.update);
        return over;
      }
    }
  }

  /** Executes one step of one actor; steps that touch nothing anybody else writes are done with it. */
  async function runActor(from: World, index: number): Promise<World> {
    world = { ...from };
    let actor = from.actors[index];
    if (!actor) throw new Error('no such actor');
    do {
      acting = actor;
      const state = await step(actor);
      actor = { ...actor, state, over: isOver(state) ? 'done' : 'no' } as Actor;
      if (actor.kind === 'exit' && actor.state.at === 'done') {
        const { outcome } = actor.state.result;
        world.answers = [...world.answers, { outcome, day: enrollmentOf(world)?.step.day ?? 0 }];
      }
    } while (isInvisible(actor));
    world.actors = world.actors.map((one, at) => (at === index ? actor : one));
    return world;
  }

  return {
    runActor,
    mutation,
    store,
    on(from: World, change: () => void): World {
      world = { ...from };
      change();
      return world;
    },
    get world() {
      return world;
    },
    connect,
    closeSession,
    setFields,
    depsOf,
  };
}

export type Machine = ReturnType<typeof createMachine>;

const isOver = (state: Actor['state']): boolean => state.at === 'done' || state.at === -1;

/** Steps that read what no actor writes (members, campaigns, the switch, outgoing), or nothing at all. */
const INVISIBLE = new Set<TurnState['at']>([
  'member',
  'campaign',
  'prepare',
  'last_campaign',
  'last_switch',
  'restarted',
]);
const OUTGOING_RANKS = new Set([0, 3]);

function isInvisible(actor: Actor): boolean {
  if (actor.over !== 'no') return false;
  const { state } = actor;
  if (actor.kind === 'recovery' && (state.at === 'member' || state.at === 'adopt')) return true;
  if (actor.kind === 'turn' && INVISIBLE.has(actor.state.at)) return true;
  const ranked = state.at === 'due' || state.at === 'earliest' || state.at === 'idle_earliest';
  return ranked && 'rank' in state && (OUTGOING_RANKS.has(state.rank) || state.rank > 3);
}
