import { expect, it } from 'vitest';
import { createMetrics } from './metrics.ts';

it('counts, measures and shows what it was asked to', async () => {
  const metrics = createMetrics();
  const sent = metrics.counter('relance_sent_total', 'Sent.');
  sent({ kind: 'text' });
  sent({ kind: 'text' }, 2);
  metrics.counter('relance_sent_total', 'Sent.')({ kind: 'media' });
  metrics.counter('relance_plain_total', 'Plain.')();
  metrics.gauge('relance_sessions', 'Sessions.')(7);
  metrics.histogram('relance_turn_seconds', 'Turns.', [1, 2])(1.5, { outcome: 'sent' });
  metrics.observe('relance_due', 'Due.', () => Promise.resolve(42));
  const { text, contentType } = await metrics.expose();
  expect(contentType).toContain('text/plain');
  for (const line of [
    'relance_sent_total{kind="text"} 3',
    'relance_sent_total{kind="media"} 1',
    'relance_plain_total 1',
    'relance_sessions 7',
    'relance_turn_seconds_bucket{le="2",outcome="sent"} 1',
    'relance_due 42',
  ]) {
    expect(text).toContain(line);
  }
});

it('keeps two of them apart, and refuses labels that were not there at first', async () => {
  const [a, b] = [createMetrics({ processMetrics: true }), createMetrics()];
  a.counter('relance_x_total', 'X.')({ one: 1 });
  expect(() => a.counter('relance_x_total', 'X.')({ two: 1 })).toThrow('label');
  expect((await b.expose()).text).not.toContain('relance_x_total');
  expect((await a.expose()).text).toContain('process_resident_memory_bytes');
});
