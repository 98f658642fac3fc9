import { expect, test } from 'vitest';
import { createFaults, type Fault } from './faults.ts';

const send = { device: 'd1', from: '331', to: '332' };
const fault = (more: Partial<Fault>) => ({
  kind: 'slow' as const,
  phone: null,
  device: null,
  delayMs: 0,
  remaining: 1,
  ...more,
});

test('a fault is met as often as it says, by the sends that it concerns, oldest first', () => {
  const faults = createFaults();
  faults.add(fault({ kind: 'refused-463', phone: '332', remaining: 2 }));
  faults.add(fault({ kind: 'lost-before', device: 'd1' }));
  faults.add(fault({ kind: 'ack-late' }));
  expect(faults.take({ device: 'd9', from: '338', to: '339' })?.kind).toBe('ack-late');
  expect(faults.take({ device: 'd9', from: '338', to: '339' })).toBeNull();
  expect([1, 2, 3, 4].map(() => faults.take(send)?.kind)).toEqual([
    'refused-463',
    'refused-463',
    'lost-before',
    undefined,
  ]);
  expect(faults.list()).toEqual([]);
});

test('a fault for a phone meets what it sends and what it is sent; with a device, only what that device sends', () => {
  const faults = createFaults();
  faults.add(fault({ phone: '331', device: 'd2' }));
  expect(faults.take(send)).toBeNull();
  expect(faults.take({ ...send, device: 'd2' })).not.toBeNull();
  faults.add(fault({ phone: '331' }));
  expect(faults.take(send)).not.toBeNull();
  faults.add(fault({ phone: '332' }));
  faults.clear();
  expect(faults.take(send)).toBeNull();
});
