import type { Ack, NotSentReason, SendOutcome } from '../../channels/transport.ts';

/** Sends that are under way: each ends by ack 1, by a refusal, by its deadline, or with its line. */
export interface Sends {
  readonly underWay: number;
  begin(messageId: string, deadlineMs: number): Promise<SendOutcome>;
  /** The network said that it took the message; only a receipt proves it. */
  accepted(messageId: string, lid: string): void;
  refused(messageId: string, code: string): void;
  receipt(messageId: string, ack: Ack): void;
  /** The session is over: nobody can tell any more what became of these. */
  abandon(reason: string): void;
}

export function createSends(): Sends {
  const pending = new Map<string, Pending>();

  const settle = (messageId: string, outcomeOf: (send: Pending) => SendOutcome): void => {
    const send = pending.get(messageId);
    if (!send) return;
    pending.delete(messageId);
    clearTimeout(send.deadline);
    send.resolve(outcomeOf(send));
  };

  return {
    get underWay() {
      return pending.size;
    },
    begin(messageId, deadlineMs) {
      return new Promise(resolve => {
        const deadline = setTimeout(() => {
          settle(messageId, () => ({ kind: 'unknown', reason: 'deadline', messageId }));
        }, deadlineMs);
        pending.set(messageId, { deadline, resolve, lid: null });
      });
    },
    accepted(messageId, lid) {
      const send = pending.get(messageId);
      if (send) send.lid = lid;
    },
    refused(messageId, code) {
      settle(messageId, () => {
        const reason = NOT_SENT.get(code);
        return reason
          ? { kind: 'not_sent', reason, messageId }
          : { kind: 'unknown', reason: `answer ${code}`, messageId };
      });
    },
    receipt(messageId, ack) {
      if (ack < 1) return;
      settle(messageId, ({ lid }) => ({ kind: 'sent', messageId, ...(lid === null ? {} : { lid }) }));
    },
    abandon(reason) {
      for (const messageId of [...pending.keys()]) {
        settle(messageId, () => ({ kind: 'unknown', reason, messageId }));
      }
    },
  };
}

interface Pending {
  deadline: NodeJS.Timeout;
  resolve(outcome: SendOutcome): void;
  lid: string | null;
}

/** The network's answers that prove that nothing went out. */
const NOT_SENT = new Map<string, NotSentReason>([
  ['not_ready', 'not_ready'],
  ['not_on_whatsapp', 'not_on_whatsapp'],
  ['refused', 'refused'],
  ['refused_463', 'refused_463'],
  ['refused_475', 'refused_475'],
]);
