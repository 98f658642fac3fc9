import { expect, test } from 'vitest';
import { readArguments } from './read-arguments.ts';

test('arguments become options', () => {
  const options = readArguments([
    '--port',
    '0',
    '--seed',
    '7',
    '--strict',
    '--log',
    'x.jsonl',
    '--state',
    's.json',
  ]);
  expect(options).toMatchObject({ port: 0, seed: 7, strict: true, logFile: 'x.jsonl', stateFile: 's.json' });
  expect(options).not.toHaveProperty('clock');
});

test('a calendar is read, and runs at its rate from its start', () => {
  const options = readArguments([
    '--calendar',
    'origin=2026-01-01T00:00:00Z,start=2026-03-01T00:00:00Z,rate=1000',
  ]);
  expect(options).toMatchObject({ clock: { rate: 1000 } });
});

test.each([
  [['--port', 'x'], /--port must be a number/],
  [['--calendar', 'tomorrow'], /--calendar must be written as origin=/],
  [['--nonsense'], /--nonsense/],
  [['--help'], /^Usage/],
])('what is not understood is explained: %j', (args, sentence) => {
  expect(readArguments(args)).toMatch(sentence);
});
