import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planAcks } from './acks.ts';

const message = fc.record({
  from: fc.stringMatching(/^[1-9]\d{8,12}$/),
  to: fc.stringMatching(/^[1-9]\d{8,12}$/),
  ordinal: fc.integer({ min: 1, max: 500 }),
  blocked: fc.boolean(),
  lateMs: fc.integer({ min: 0, max: 100_000 }),
  hold: fc.constantFrom(null, 'reconnect' as const, 'never' as const),
  device: fc.constantFrom(null, 'device-1'),
});
const settings = fc.record({ seed: fc.nat(), readShare: fc.constantFrom(0, 0.5, 1) });

test('acks come one after the other, the same for the same seed', () => {
  fc.assert(
    fc.property(settings, message, (how, what) => {
      const plan = planAcks(how, what);
      expect(planAcks(how, what)).toEqual(plan);
      expect(plan.map(({ ack }) => ack)).toEqual([1, 2, 3].slice(0, plan.length));
      plan.reduce((before, { afterMs }) => {
        expect(afterMs).toBeGreaterThan(before);
        return afterMs;
      }, what.lateMs);
    }),
  );
});

test('a blocked sender gets ack 1 and no more, a silent message none, and another seed other times', () => {
  const one = {
    from: '33600000001',
    to: '33611111111',
    ordinal: 1,
    lateMs: 0,
    hold: null,
    device: 'd',
  } as const;
  expect(planAcks({ seed: 1, readShare: 1 }, { ...one, blocked: true })).toHaveLength(1);
  expect(planAcks({ seed: 1, readShare: 1 }, { ...one, blocked: false })).toHaveLength(3);
  expect(planAcks({ seed: 1, readShare: 0 }, { ...one, blocked: false })).toHaveLength(2);
  expect(planAcks({ seed: 1, readShare: 1 }, { ...one, blocked: false, hold: 'never' })).toEqual([]);
  expect(planAcks({ seed: 2, readShare: 1 }, { ...one, blocked: false })).not.toEqual(
    planAcks({ seed: 1, readShare: 1 }, { ...one, blocked: false }),
  );
});
