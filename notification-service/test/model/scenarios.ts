import type { Scenario } from './explore.ts';
import { asDoc, CHANNEL, channelDoc, ENROLLMENT, enrollmentDoc, OTHER_CHANNEL, START_MS } from './world.ts';
import type { Actor, Budgeted, Script, World } from './world.ts';

/**
 * The interleavings, cut into scenarios, each walked in full. Every pair of actors and every element of the design is
 * in at least one of them.
 */
const turn = (instance: string, n = 1): Actor => ({
  name: `turn ${instance}${n}`,
  instance,
  kind: 'turn',
  over: 'no',
  state: { at: 'channel', channelId: CHANNEL },
});
const turnOn = (channelId: string, instance: string): Actor => ({
  name: `turn ${instance} on ${channelId}`,
  instance,
  kind: 'turn',
  over: 'no',
  state: { at: 'channel', channelId },
});
const recovery = (instance: string, n = 1): Actor => ({
  name: `recovery ${instance}${n}`,
  instance,
  kind: 'recovery',
  over: 'no',
  state: { at: 'channel', channelId: CHANNEL, ranOut: true, ownerGone: true },
});
const reconcile = (instance: string, n = 1): Actor => ({
  name: `reconcile ${instance}${n}`,
  instance,
  kind: 'reconcile',
  over: 'no',
  state: { at: 'subject', ref: { kind: 'enrollment', id: ENROLLMENT } },
});
const exit = (n = 1): Actor => ({
  name: `exit ${n}`,
  instance: 'S',
  kind: 'exit',
  over: 'no',
  state: {
    at: 'phone',
    exit: {
      referralUserId: 'r1',
      phoneHash: null,
      reason: 'paid',
      remember: 'paidAt',
      sparesSubscribers: true,
      at: new Date(START_MS),
    },
  },
});
const optOut: Actor = {
  name: 'opt-out',
  instance: 'S',
  kind: 'exit',
  over: 'no',
  state: {
    at: 'phone',
    exit: {
      referralUserId: null,
      phoneHash: 'h1',
      reason: 'opted_out',
      remember: 'optedOutAt',
      sparesSubscribers: false,
      at: new Date(START_MS),
    },
  },
};
const script = (name: Script, instance: string): Actor => ({
  name: `${name} ${instance}`,
  instance,
  kind: 'script',
  over: 'no',
  script: name,
  state: { at: 0 },
});
const sweeper: Actor = {
  name: 'sweep',
  instance: 'S',
  kind: 'sweep',
  over: 'no',
  state: { at: 'channel', channelId: CHANNEL },
};

interface Cut {
  actors: Actor[];
  budget?: Partial<Record<Budgeted, number>>;
  parts?: number;
  whenAbsent?: 'skip' | 'resend';
  choosesIds?: boolean;
  day?: number;
  /** The enrollment does not exist yet. */
  unborn?: boolean;
  secondChannel?: boolean;
  after?: string[];
}

/** `turn A1: channel, due` and so on, as the actions of a scenario are called. */
const stepsOf = (actor: string, steps: string): string[] => steps.split(' ').map(step => `${actor}: ${step}`);

function cut(name: string, given: Cut): Scenario {
  const none: Record<Budgeted, number> = {
    crash: 0,
    expire: 0,
    lose: 0,
    cut: 0,
    tomorrow: 0,
    minutes: 0,
    connect: 0,
    receipt: 0,
  };
  const first = channelDoc(CHANNEL, 'A');
  const second = channelDoc(OTHER_CHANNEL, 'B');
  const enrollment = enrollmentDoc({ day: given.day ?? 6 });
  const start: World = {
    collections: {
      channels: {
        [CHANNEL]: asDoc(first),
        ...(given.secondChannel ? { [OTHER_CHANNEL]: asDoc(second) } : {}),
      },
      enrollments: given.unborn ? {} : { [ENROLLMENT]: asDoc(enrollment) },
      people: {},
      receipts: {},
    },
    machineMs: 1_000_000,
    calendarMs: START_MS,
    actors: given.actors,
    sessions: {
      [`${CHANNEL}@A`]: { serial: 1, epoch: 1, wire: true, held: true },
      ...(given.secondChannel
        ? { [`${OTHER_CHANNEL}@B`]: { serial: 1, epoch: 1, wire: true, held: true } }
        : {}),
    },
    gone: {},
    calls: [],
    delivered: [],
    answers: [],
    budget: { ...none, ...given.budget },
    tokens: 0,
    problem: null,
  };
  return {
    name,
    start,
    parts: given.parts ?? 1,
    whenAbsent: given.whenAbsent ?? 'skip',
    choosesIds: given.choosesIds ?? true,
    after: given.after ?? [],
  };
}

export const SCENARIOS = {
  doubledReminders: cut('doubled and stale reminders over two days', {
    actors: [turn('A', 1), turn('A', 2)],
    budget: { tomorrow: 1, expire: 1, cut: 1, connect: 1 },
  }),
  exitTwice: cut('a turn, and an exit asked twice', {
    actors: [turn('A'), exit(1), exit(2)],
    budget: { tomorrow: 1 },
  }),
  exitAndOptOut: cut('two turns, an exit and an opt-out', {
    actors: [turn('A', 1), exit(1), optOut],
    budget: {},
  }),
  enrolledLate: cut('an exit before, while and after somebody is enrolled', {
    actors: [script('create', 'X'), exit(1), turn('A')],
    unborn: true,
    budget: { crash: 1 },
  }),
  enrolledLateOptOut: cut('an opt-out while somebody is enrolled', {
    actors: [script('create', 'X'), optOut, turn('A')],
    unborn: true,
    budget: {},
  }),
  crash: cut('a crash at any step, recovery and reconcile by another instance', {
    actors: [turn('A'), recovery('B'), reconcile('B'), turn('B')],
    budget: { crash: 1, minutes: 1, connect: 1 },
  }),
  crashResend: cut('a crash at any step, with what is absent sent again', {
    actors: [turn('A'), recovery('B'), reconcile('B'), turn('B')],
    budget: { crash: 1, minutes: 1, connect: 1 },
    whenAbsent: 'resend',
  }),
  sleeper: cut('an instance that sleeps past its lease and wakes', {
    actors: [turn('A'), recovery('B'), reconcile('B'), turn('B')],
    budget: { lose: 1, minutes: 1, connect: 1 },
    whenAbsent: 'resend',
  }),
  hangingCall: cut('a turn that runs out on its own instance', {
    actors: [turn('A', 1), recovery('A'), reconcile('A')],
    budget: { expire: 1, minutes: 1 },
    whenAbsent: 'resend',
  }),
  recoveryTwice: cut('two recoveries of one turn', {
    actors: [turn('A'), recovery('A'), recovery('B')],
    budget: { expire: 1, lose: 1, connect: 1 },
  }),
  reconcileTwice: cut('two reconciles and a second unknown', {
    actors: [turn('A', 1), turn('A', 2), reconcile('A', 1), reconcile('A', 2)],
    budget: { minutes: 1, receipt: 1 },
    whenAbsent: 'resend',
  }),
  unknownAndExit: cut('an unknown, an exit, reconcile and a receipt', {
    actors: [turn('A'), exit(1), reconcile('A')],
    budget: { minutes: 1, tomorrow: 1, receipt: 1, connect: 1 },
  }),
  unknownNoIds: cut('an unknown whose message has no known id', {
    actors: [turn('A', 1), reconcile('A'), turn('A', 2)],
    budget: { minutes: 1, tomorrow: 1 },
    choosesIds: false,
  }),
  parts: cut('two parts, and a crash between them', {
    actors: [turn('A'), recovery('B'), turn('B')],
    budget: { crash: 1, connect: 1 },
    parts: 2,
  }),
  partsAndExit: cut('two parts, an exit and an opt-out', { actors: [turn('A'), exit(1), optOut], parts: 2 }),
  pause: cut('a pause and its end', {
    actors: [turn('A', 1), turn('A', 2), script('pause', 'S')],
    budget: { tomorrow: 1 },
  }),
  pauseAndRecovery: cut('a pause while a turn is recovered', {
    actors: [turn('A'), script('pause', 'S'), recovery('B')],
    budget: { lose: 1, connect: 1 },
  }),
  move: cut('a move to another channel', {
    actors: [turn('A'), script('move', 'X'), turnOn(OTHER_CHANNEL, 'B')],
    budget: { crash: 1 },
    secondChannel: true,
  }),
  moveAndRecovery: cut('a move, a sleeper and recovery', {
    actors: [turn('A'), script('move', 'S'), recovery('B'), turnOn(OTHER_CHANNEL, 'B')],
    budget: { lose: 1, connect: 1 },
    secondChannel: true,
  }),
  freeChannel: cut('a free channel is taken while its old owner wakes', {
    actors: [turn('A'), script('claim', 'B'), turn('B'), recovery('B')],
    budget: { lose: 1, connect: 1 },
  }),
  creatorDies: cut('a creator that dies before the alarm, and the sweep', {
    actors: [script('create', 'X'), turn('A'), sweeper],
    unborn: true,
    budget: { crash: 1 },
  }),
  lastDay: cut('the last day, an exit, recovery', {
    actors: [turn('A'), exit(1), recovery('B'), reconcile('B')],
    budget: { lose: 1, connect: 1, minutes: 1 },
    day: 7,
  }),
} as const satisfies Record<string, Scenario>;

/** Wider ones in which an element is shown to be missing; walked until the first failure. */
export const MUTANT_SCENARIOS = {
  hangingCallResend: cut('a call that hangs while its part is sent again', {
    actors: [turn('A', 1), recovery('A'), reconcile('A'), turn('A', 2)],
    budget: { expire: 1, minutes: 1 },
    whenAbsent: 'resend',
  }),
  undoneLate: cut('a sleeper that wakes before its call, while another sends the same part again', {
    actors: [turn('A'), recovery('B'), reconcile('B'), turn('B', 1), turn('B', 2)],
    budget: { lose: 1, minutes: 1, connect: 1 },
    whenAbsent: 'resend',
    after: [
      ...stepsOf('turn A1', 'channel due people take last_people last_channel fence'),
      'A is taken for dead',
      ...stepsOf('recovery B1', 'channel claim settle session earliest earliest end'),
      'ten minutes later',
      ...stepsOf('reconcile B1', 'subject history receipt write alarm'),
      ...stepsOf('turn B1', 'channel due people take last_people last_channel fence call'),
    ],
  }),
} as const satisfies Record<string, Scenario>;
