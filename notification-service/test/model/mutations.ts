import type { DocStore } from '../../src/platform/doc-store.ts';
import { stepExit } from '../../src/enrollments/exit-steps.ts';
import type { ExitResult, ExitState } from '../../src/enrollments/exit-steps.ts';
import type { Query, Update } from './memory-store.ts';
import type { Actor } from './world.ts';

/** One element of the design taken out. */
export interface Mutation {
  name: string;
  rewrite?: (
    actor: Actor,
    collection: string,
    filter: Query,
    update: Update,
  ) => { filter: Query; update: Update };
  blind?: (actor: Actor, collection: string) => boolean;
  exitStep?: (state: ExitState, deps: { store: DocStore }) => Promise<ExitState>;
  skips?: (actor: Actor) => actor is Extract<Actor, { kind: 'recovery' }> & { state: { at: 'settle' } };
  pretendsNewerSession?: (actor: Actor) => boolean;
  unboundCalls?: boolean;
  noSweep?: boolean;
}

const without = (query: Query, ...fields: string[]): Query =>
  Object.fromEntries(Object.entries(query).filter(([field]) => !fields.includes(field)));

const onFilter =
  (
    when: (actor: Actor, collection: string, filter: Query) => boolean,
    ...fields: string[]
  ): NonNullable<Mutation['rewrite']> =>
  (actor, collection, filter, update) => ({
    filter: when(actor, collection, filter) ? without(filter, ...fields) : filter,
    update,
  });

export const MUTATIONS = {
  versionInFence: {
    name: 'the version in the fence',
    rewrite: onFilter(
      (actor, collection) => actor.state.at === 'fence' && collection === 'enrollments',
      'step.version',
    ),
  },
  recoverysVersion: {
    name: "recovery's version + 1",
    rewrite: (actor, _collection, filter, update) => ({
      filter,
      update: actor.kind === 'recovery' && actor.state.at === 'settle' ? withoutVersion(update) : update,
    }),
  },
  personRead: { name: 'the reading of the person', blind: (_actor, collection) => collection === 'people' },
  exitsOrder: { name: "the order of exit's two writes", exitStep: personLast },
  subjectInTake: {
    name: 'naming the subject in the take',
    skips: (actor): actor is Extract<Actor, { kind: 'recovery' }> & { state: { at: 'settle' } } =>
      actor.kind === 'recovery' && actor.state.at === 'settle',
  },
  undosToken: {
    name: "the undo's token",
    rewrite: onFilter(
      (actor, collection, filter) =>
        actor.kind === 'turn' &&
        actor.state.at === 'settle' &&
        collection === 'enrollments' &&
        filter['step.state'] === 'sending',
      'step.fence.token',
    ),
  },
  newerSession: {
    name: 'absence only by a newer session',
    pretendsNewerSession: actor => actor.kind === 'reconcile',
  },
  reconcilesToken: {
    name: "reconcile's token",
    rewrite: onFilter(
      (actor, collection) => actor.kind === 'reconcile' && collection === 'enrollments',
      'step.fence.token',
    ),
  },
  sweep: { name: 'the sweep', noSweep: true },
  slotInRecovery: {
    name: 'the slot in recovery',
    rewrite: (actor, _collection, filter, update) => ({
      filter,
      update:
        actor.kind === 'recovery' && actor.state.at === 'end'
          ? Object.assign({}, update, { $set: {} })
          : update,
    }),
  },
  boundCall: { name: 'the call bound to its session', unboundCalls: true },
} as const satisfies Record<string, Mutation>;

function withoutVersion(update: Update): Update {
  const [stage] = update as readonly { $set: Record<string, unknown> }[];
  return [{ $set: without(stage?.$set ?? {}, 'step.version') }];
}

/** Enrollment first, then the person, then the answer. */
async function personLast(state: ExitState, deps: { store: DocStore }): Promise<ExitState> {
  if (state.at === 'person' && 'answer' in state) {
    await deps.store.updateOne(
      'people',
      { _id: 'u:r1' },
      { $set: { paidAt: new Date(0) } },
      { upsert: true },
    );
    return { at: 'done', result: state.answer as ExitResult };
  }
  if (state.at === 'person')
    return { at: 'enrollment', exit: { ...state.exit, remember: null }, stopped: [] };
  const next = await stepExit(state, deps);
  if (next.at !== 'done' || !('exit' in state)) return next;
  return Object.assign({ at: 'person' as const, exit: state.exit, keys: [] }, { answer: next.result });
}
