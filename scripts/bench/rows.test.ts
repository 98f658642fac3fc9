import { describe, expect, it } from 'vitest';
import { percentile, reportLine, row } from './rows.ts';

describe('a row of the bench', () => {
  const speed = { name: 'turns', value: 72.123456, unit: '/s', baseline: 100 };

  it('sets a figure beside its baseline', () => {
    expect(row(speed, { atLeast: 0.7 })).toEqual({
      ...{ name: 'turns', value: 72.123, unit: '/s', baseline: 100, ratio: 0.721 },
      ...{ goal: 'ratio ≥ 0.7', met: true },
    });
  });

  it('is judged by its exact ratio, not by the rounded one that is shown', () => {
    const just = row({ ...speed, value: 130.04 }, { atMost: 1.3 });
    expect(just).toMatchObject({ value: 130, ratio: 1.3, met: false });
    expect(row({ ...speed, value: 130 }, { atMost: 1.3 }).met).toBe(true);
    expect(row({ ...speed, value: 69.99 }, { atLeast: 0.7 })).toMatchObject({ ratio: 0.7, met: false });
  });

  it('may have a goal of its own, beside a baseline or without one', () => {
    const restart = { name: 'restart', value: 4.2, unit: 's' };
    expect(row({ ...restart, baseline: 2.1 }, { below: 5 })).toMatchObject({
      ...{ baseline: 2.1, ratio: 2, goal: '< 5 s', met: true },
    });
    expect(row({ ...restart, value: 5 }, { below: 5 })).toMatchObject({
      baseline: null,
      ratio: null,
      met: false,
    });
    expect(row({ ...restart, value: 4 }, { exactly: 4 })).toMatchObject({ goal: '= 4', met: true });
    expect(row({ ...restart, value: 4.001 }, { exactly: 4 }).met).toBe(false);
  });

  it('misses a goal about a ratio where nothing can be compared', () => {
    expect(row({ name: 'x', value: 1, unit: 'ms' }, { atMost: 1.3 }).met).toBe(false);
    expect(row({ name: 'x', value: NaN, unit: 'ms', baseline: 1 }, { atMost: 1.3 }).met).toBe(false);
    expect(row({ name: 'x', value: 1, unit: '/s', baseline: 0 }, { atLeast: 0.7 }).met).toBe(false);
  });
});

describe('the last line', () => {
  it('is one line of JSON with all rows', () => {
    const rows = [row({ name: 'a', value: 1, unit: 's' }, { below: 5 })];
    const line = reportLine(rows);
    expect(line).not.toContain('\n');
    expect(JSON.parse(line)).toEqual({
      rows: [{ name: 'a', value: 1, unit: 's', baseline: null, ratio: null, goal: '< 5 s', met: true }],
    });
  });
});

describe('a percentile', () => {
  it('is a value that so many stay below or at', () => {
    const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);
    expect([percentile(hundred, 0.5), percentile(hundred, 0.99), percentile(hundred, 1)]).toEqual([
      51, 100, 100,
    ]);
    expect(percentile([], 0.5)).toBeNaN();
  });
});
