import { createMachine } from './machine.ts';
import type { Machine, MachineSettings } from './machine.ts';
import { brokenInvariants, deliveredTwice, dueWithoutAlarm, keyOf } from './properties.ts';
import { stateHash } from './state-hash.ts';
import { channelOf, DAY, enrollmentOf, LEASE_MS, MINUTE } from './world.ts';
import type { Actor, Budgeted, Call, World } from './world.ts';

export interface Scenario extends Omit<MachineSettings, 'mutation' | 'record'> {
  name: string;
  start: World;
  /** Actions, by name, that come first: a late beginning leaves less to walk. */
  after?: readonly string[];
}

export interface Exploration {
  states: number;
  transitions: number;
  /** The first state in which a property fails, and how it is reached; null when all hold. */
  problem: { sentence: string; trace: string[] } | null;
}

export interface Action {
  name: string;
  /** The world after it. */
  run(): Promise<World> | World;
}

interface Frame {
  world: World;
  actions: Action[];
  next: number;
  name: string;
}

/**
 * Walks all interleavings of a scenario, depth first, each distinct state once. Stops at the first problem, or at the
 * first one of `letter`.
 */
export async function explore(
  scenario: Scenario,
  options: { mutation?: MachineSettings['mutation']; letter?: string; maxStates?: number } = {},
): Promise<Exploration> {
  const mutation = options.mutation ?? null;
  const machine = createMachine({ ...scenario, mutation });
  let start = scenario.start;
  for (const name of scenario.after ?? []) {
    const action = actionsOf(start, machine).find(one => one.name === name);
    if (!action) throw new Error(`${scenario.name}: "${name}" cannot happen there`);
    start = await action.run();
  }
  const seen = new Set<number>([stateHash(start)]);
  const stack: Frame[] = [{ world: start, actions: actionsOf(start, machine), next: 0, name: 'start' }];
  let transitions = 0;

  for (let frame = stack.at(-1); frame; frame = stack.at(-1)) {
    const action = frame.actions[frame.next++];
    if (!action) {
      stack.pop();
      continue;
    }
    const world = await action.run();
    transitions += 1;
    const hash = stateHash(world);
    if (seen.has(hash)) continue;
    seen.add(hash);
    const actions = actionsOf(world, machine);
    const problems = await problemsOf(world, machine, mutation?.noSweep !== true);
    const sentence = problems.find(
      one => options.letter === undefined || one.startsWith(`(${options.letter})`),
    );
    if (sentence !== undefined) {
      const trace = [...stack.map(one => one.name), action.name];
      return { states: seen.size, transitions, problem: { sentence, trace } };
    }
    if (seen.size > (options.maxStates ?? Infinity))
      throw new Error(`${scenario.name}: more than ${seen.size} states`);
    stack.push({ world, actions, next: 0, name: action.name });
  }
  return { states: seen.size, transitions, problem: null };
}

async function problemsOf(world: World, machine: Machine, sweeps: boolean): Promise<string[]> {
  const always = [world.problem, deliveredTwice(world), ...brokenInvariants(world)].filter(
    one => one !== null,
  );
  const idle = world.actors.every(actor => actor.over !== 'no' || isWaiting(actor, world));
  if (!idle || dueWithoutAlarm(world) === null) return always;
  const unalarmed = dueWithoutAlarm(sweeps ? await swept(world, machine) : world);
  return unalarmed === null ? always : [...always, unalarmed];
}

/** The sweep comes by each minute, so idle means: it has been by. */
async function swept(world: World, machine: Machine): Promise<World> {
  const channelId = enrollmentOf(world)?.channelId ?? '';
  const sweeper: Actor = {
    name: 'sweep',
    instance: 'S',
    kind: 'sweep',
    over: 'no',
    state: { at: 'channel', channelId },
  };
  let after: World = { ...world, actors: [sweeper] };
  while (after.actors[0]?.over === 'no') after = await machine.runActor(after, 0);
  return after;
}

export function actionsOf(world: World, machine: Machine): Action[] {
  const actors = world.actors.flatMap((actor, index): Action[] =>
    actor.over === 'no' && !isWaiting(actor, world)
      ? [{ name: `${actor.name}: ${String(actor.state.at)}`, run: () => machine.runActor(world, index) }]
      : [],
  );
  return [...actors, ...callActions(world, machine), ...environmentActions(world, machine)];
}

/** An actor that can only go on when something else has happened. */
function isWaiting(actor: Actor, world: World): boolean {
  if (actor.kind === 'turn') return actor.state.at === 'answer' && 'callId' in actor.state.answer;
  if (actor.kind === 'recovery' && actor.state.at === 'channel') {
    const { turn, owner } = channelOf(world, actor.state.channelId);
    if (!turn || world.gone[actor.instance] !== undefined) return true;
    const ranOut = world.machineMs - turn.takenAt.getTime() >= LEASE_MS;
    return !ranOut && !(owner.instance !== null && world.gone[owner.instance] !== undefined);
  }
  if (actor.kind === 'reconcile' && actor.state.at === 'subject')
    return enrollmentOf(world)?.step.state !== 'unknown';
  if (actor.kind === 'script' && actor.script === 'claim') {
    const { owner } = channelOf(world, 'c1');
    return owner.instance !== null && world.gone[owner.instance] === undefined;
  }
  return false;
}

const awaitsCall = (actor: Extract<Actor, { kind: 'turn' }>, call: Call): boolean =>
  actor.state.at === 'answer' && 'callId' in actor.state.answer && actor.state.answer.callId === call.id;

/** What WhatsApp and the wire do with a call that is under way. */
function callActions(world: World, machine: Machine): Action[] {
  return world.calls.flatMap((call): Action[] => {
    if (call.answered) return [];
    const session = world.sessions[call.session];
    const reaches =
      session?.wire === true && (session.serial === call.serial || machine.mutation?.unboundCalls === true);
    const actor = world.actors.find(one => one.name === call.actor);
    const waits = actor?.kind === 'turn' && actor.over === 'no' && awaitsCall(actor, call);
    const actions: Action[] = [];
    if (!call.delivered && reaches) {
      actions.push({
        name: `deliver ${keyOf(call)}`,
        run: () => machine.on(world, () => deliver(machine.world, call)),
      });
    }
    if (!waits) return actions;
    const answer = (name: string, outcome: object) =>
      actions.push({
        name: `${call.actor} is answered ${name}`,
        run: () => machine.on(world, () => answerCall(machine.world, call, outcome)),
      });
    if (call.delivered && reaches) answer('sent', { kind: 'sent', messageId: messageIdOf(call) });
    if (!call.delivered && reaches) answer('not sent', { kind: 'not_sent', reason: 'not_ready' });
    answer('unknown', { kind: 'unknown', reason: 'deadline' });
    return actions;
  });
}

const messageIdOf = (call: Call): string => call.messageId ?? `wa-${call.id}`;

function deliver(world: World, call: Call): void {
  world.calls = world.calls.map(one => (one.id === call.id ? { ...one, delivered: true } : one));
  const { channelId, text } = call;
  world.delivered = [
    ...world.delivered,
    { key: keyOf(call), channelId, messageId: messageIdOf(call), text, atMs: call.fencedMs },
  ];
}

function answerCall(world: World, call: Call, outcome: object): void {
  // A call that was answered as not sent never reaches WhatsApp; one that ran into its deadline still may.
  const closed = 'kind' in outcome && outcome.kind !== 'unknown';
  world.calls = world.calls.map(one => (one.id === call.id ? { ...one, answered: closed } : one));
  world.actors = world.actors.map(one =>
    one.name === call.actor && one.kind === 'turn' && one.state.at === 'answer'
      ? { ...one, state: { ...one.state, answer: outcome as never } }
      : one,
  );
}

function environmentActions(world: World, machine: Machine): Action[] {
  const actions: Action[] = [];
  const spend = (budget: Budgeted, name: string, change: (world: World) => void) => {
    if (world.budget[budget] <= 0) return;
    const run = () =>
      machine.on(world, () => {
        machine.world.budget = { ...world.budget, [budget]: world.budget[budget] - 1 };
        change(machine.world);
      });
    actions.push({ name, run });
  };
  const instances = [...new Set(world.actors.map(actor => actor.instance))];
  const turnOpen = Object.keys(world.collections['channels'] ?? {}).some(id => channelOf(world, id).turn);
  if (turnOpen) spend('expire', 'leases run out', w => (w.machineMs += LEASE_MS));
  spend('tomorrow', 'tomorrow', w => (w.calendarMs += DAY));
  if (enrollmentOf(world)?.step.state === 'unknown')
    spend('minutes', 'ten minutes later', w => (w.calendarMs += 11 * MINUTE));
  for (const instance of instances) {
    if (instance === 'S' || instance === 'X') {
      if (instance === 'X' && world.actors.some(one => one.instance === 'X' && one.over === 'no')) {
        spend('crash', 'X crashes', w => crash(w, 'X'));
      }
      continue;
    }
    if (world.gone[instance] !== 'crashed') spend('crash', `${instance} crashes`, w => crash(w, instance));
    if (world.gone[instance] === undefined)
      spend('lose', `${instance} is taken for dead`, w => (w.gone = { ...w.gone, [instance]: 'heartbeat' }));
    for (const id of Object.keys(world.collections['channels'] ?? {})) {
      const session = world.sessions[`${id}@${instance}`];
      if (session?.wire === true)
        spend('cut', `the wire of ${id}@${instance} is cut`, () => machine.closeSession(id, instance));
      const mine = channelOf(world, id).owner.instance === instance && world.gone[instance] === undefined;
      const current = session?.wire === true && session.held;
      if (mine && !current)
        spend('connect', `${id}@${instance} connects`, () => machine.connect(id, instance));
    }
  }
  const received = world.delivered.find(
    one => !world.collections['receipts']?.[`${one.channelId}:${one.messageId}`],
  );
  if (received) {
    spend('receipt', 'a receipt comes', () =>
      machine.setFields('receipts', `${received.channelId}:${received.messageId}`, { ack: 1 }),
    );
  }
  return actions;
}

/** The process is gone with all that it was doing; what it had put on the wire may still arrive. */
function crash(world: World, instance: string): void {
  world.gone = { ...world.gone, [instance]: 'crashed' };
  world.actors = world.actors.map(actor =>
    actor.instance === instance && actor.over === 'no' ? { ...actor, over: 'crashed' } : actor,
  );
  world.sessions = Object.fromEntries(
    Object.entries(world.sessions).map(([key, session]) => [
      key,
      key.endsWith(`@${instance}`) ? { ...session, held: false } : session,
    ]),
  );
}
