import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { createAgenda } from './agenda.ts';

test('everything due comes in order of time, then of adding, and nothing before its time', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 })), fc.integer({ min: 0, max: 50 }), (dues, until) => {
      let nowMs = -1;
      const got: [number, number][] = [];
      const agenda = createAgenda<number>({ now: () => new Date(nowMs), rate: 1 }, (item, dueMs) => {
        got.push([dueMs, item]);
      });
      dues.forEach((dueMs, item) => agenda.add(dueMs, item));
      agenda.run();
      expect(got).toEqual([]);
      nowMs = until;
      agenda.run();
      const expected = dues
        .map((dueMs, item): [number, number] => [dueMs, item])
        .filter(([dueMs]) => dueMs <= until)
        .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      expect(got).toEqual(expected);
      expect(agenda.size).toBe(dues.length - expected.length);
      agenda.clear();
    }),
  );
});

test('its own timer follows the rate of the calendar', async () => {
  const startMs = performance.now();
  const calendar = { now: () => new Date((performance.now() - startMs) * 100_000), rate: 100_000 };
  const got: string[] = [];
  const agenda = createAgenda<string>(calendar, item => got.push(item));
  agenda.add(2 * 3_600_000, 'two hours later');
  agenda.add(3_600_000, 'an hour later');
  await vi.waitFor(() => expect(got).toEqual(['an hour later', 'two hours later']));
});
