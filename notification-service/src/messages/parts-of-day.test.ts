import { describe, expect, it } from 'vitest';
import type { MediaKind } from '../channels/index.ts';
import { partsOfDay } from './parts-of-day.ts';

const of = (text: string, ...kinds: MediaKind[]) =>
  partsOfDay(
    text,
    kinds.map(kind => ({ kind })),
  ).map(part => [part.text, part.media?.kind ?? null]);

describe('pitfall: text repeated per attachment', () => {
  it.each<[MediaKind[], [string, MediaKind | null][]]>([
    [[], [['hi', null]]],
    [['image'], [['hi', 'image']]],
    [
      ['video', 'image', 'document'],
      [
        ['hi', 'video'],
        ['', 'image'],
        ['', 'document'],
      ],
    ],
    [['document'], [['hi', 'document']]],
    [
      ['audio', 'image'],
      [
        ['hi', null],
        ['', 'audio'],
        ['', 'image'],
      ],
    ],
  ])('%j', (kinds, expected) => {
    const parts = of('hi', ...kinds);
    expect(parts).toEqual(expected);
    expect(parts.filter(([text]) => text !== '')).toHaveLength(1);
  });
});

it('sends attachments without a text as they are', () => {
  expect(of('', 'audio', 'image')).toEqual([
    ['', 'audio'],
    ['', 'image'],
  ]);
  expect(of('')).toEqual([]);
});

it('puts a text that is too long for a caption before the attachment, while there is room', () => {
  const long = 'x'.repeat(1_025);
  expect(of(long, 'image')).toEqual([
    [long, null],
    ['', 'image'],
  ]);
  expect(of(long, 'image', 'image', 'image', 'image')).toHaveLength(4);
});
