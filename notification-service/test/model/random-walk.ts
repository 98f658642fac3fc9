import type { Random } from '../../src/platform/random.ts';
import { actionsOf } from './explore.ts';
import type { Scenario } from './explore.ts';
import { createMachine } from './machine.ts';
import type { Collections, Operation } from './memory-store.ts';

/** One random path through a scenario, with every access to the store and its result. */
export async function randomWalk(
  scenario: Scenario,
  random: Random,
): Promise<{ operations: Operation[]; end: Collections }> {
  const operations: Operation[] = [];
  const machine = createMachine({
    ...scenario,
    mutation: null,
    record: operation => operations.push(operation),
  });
  let world = scenario.start;
  for (;;) {
    const actions = actionsOf(world, machine);
    const action = actions[Math.floor(random() * actions.length)];
    if (!action) return { operations, end: world.collections };
    world = await action.run();
  }
}
