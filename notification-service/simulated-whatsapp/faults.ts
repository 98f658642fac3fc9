export const FAULT_KINDS = [
  /** Never reaches the network; nobody answers. */
  'lost-before',
  /** Accepted; nothing is said about it until the device connects again. */
  'accepted-then-silence',
  /** Accepted; the device's connection drops in the same moment. */
  'accepted-then-crash',
  /** Refused with WhatsApp's reach-out lock. */
  'refused-463',
  /** Refused with WhatsApp's new-chat cap. */
  'refused-475',
  /** Accepted; no receipt ever comes (a synced history still shows it). */
  'ack-never',
  /** Accepted; receipts come `delayMs` of calendar time later. */
  'ack-late',
  /** The device cannot send at the moment; nothing is accepted. */
  'not-ready',
  /** The device is unlinked instead; nothing is accepted. */
  'logout',
  /** Accepted `delayMs` of real time later. */
  'slow',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/** What the next `remaining` sends meet. `phone` is the sender's or the recipient's; without either, any send. */
export interface Fault {
  order: number;
  kind: FaultKind;
  phone: string | null;
  device: string | null;
  delayMs: number;
  remaining: number;
}

export interface Faults {
  add(fault: Omit<Fault, 'order'>): void;
  /** The oldest fault that fits this send, used up by one. */
  take(send: { device: string; from: string; to: string }): Fault | null;
  list(): Fault[];
  clear(): void;
}

/** Faults by whom they concern, so that a send looks at four short queues and not at all faults. */
export function createFaults(): Faults {
  const queues = new Map<string, Fault[]>();
  let added = 0;

  const fits = (fault: Fault, send: { device: string; from: string; to: string }): boolean =>
    (fault.device === null || fault.device === send.device) &&
    (fault.phone === null || fault.phone === send.from || fault.phone === send.to);

  return {
    add(fault) {
      const key = keyOf(fault);
      queues.set(key, [...(queues.get(key) ?? []), { ...fault, order: added++ }]);
    },
    take(send) {
      if (queues.size === 0) return null;
      const keys = [`device ${send.device}`, `phone ${send.from}`, `phone ${send.to}`, 'any'];
      const found = keys
        .map(key => (queues.get(key) ?? []).find(fault => fits(fault, send)))
        .filter(fault => fault !== undefined)
        .sort((a, b) => a.order - b.order)[0];
      if (!found) return null;
      found.remaining -= 1;
      if (found.remaining <= 0) remove(queues, found);
      return found;
    },
    list: () => [...queues.values()].flat().sort((a, b) => a.order - b.order),
    clear() {
      queues.clear();
    },
  };
}

const keyOf = ({ device, phone }: { device: string | null; phone: string | null }): string =>
  device !== null ? `device ${device}` : phone !== null ? `phone ${phone}` : 'any';

function remove(queues: Map<string, Fault[]>, fault: Fault): void {
  const key = keyOf(fault);
  const rest = (queues.get(key) ?? []).filter(other => other !== fault);
  if (rest.length > 0) queues.set(key, rest);
  else queues.delete(key);
}
