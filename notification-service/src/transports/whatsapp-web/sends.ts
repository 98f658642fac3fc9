import type { Ack, NotSentReason, SendOutcome } from '../../channels/transport.ts';

/**
 * Sends that are under way. WhatsApp chooses the id of a message, and the library may lose it: so the echo of our own
 * message tells it first. Each ends by ack 1, by a refusal, by its deadline, or with its session.
 */
export interface Sends {
  readonly underWay: number;
  begin(text: string, deadlineMs: number): Send;
  /** A message of this device has appeared in the page; true when one of ours is meant. */
  echoed(messageId: string, text: string): boolean;
  ack(messageId: string, ack: Ack): void;
  /** Whether it left through this session. */
  isOurs(messageId: string): boolean;
  /** The session is over: nobody can tell any more what became of these. */
  abandon(reason: string): void;
}

export interface Send {
  readonly outcome: Promise<SendOutcome>;
  readonly messageId: string | null;
  /** The library told the id and how far the message is. */
  returned(messageId: string, ack: Ack): void;
  settle(outcome: SendOutcome): void;
}

const REMEMBERED = 1_000;

/** `refusalOf` finds out why a message was refused. */
export function createSends(refusalOf: (messageId: string) => Promise<NotSentReason>): Sends {
  const pending = new Set<Pending>();
  const ours = new Set<string>();

  const name = (send: Pending, messageId: string): void => {
    send.messageId = messageId;
    ours.add(messageId);
    const [oldest] = ours;
    if (ours.size > REMEMBERED && oldest !== undefined) ours.delete(oldest);
  };
  const refuse = (send: Pending, messageId: string): void => {
    void refusalOf(messageId).then(reason => send.settle({ kind: 'not_sent', reason, messageId }));
  };
  const heard = (send: Pending, messageId: string, ack: Ack): void => {
    if (ack >= 1) send.settle({ kind: 'sent', messageId });
    else if (ack === -1) refuse(send, messageId);
  };

  return {
    get underWay() {
      return pending.size;
    },
    begin(text, deadlineMs) {
      const send = newPending(text, deadlineMs, done => pending.delete(done));
      pending.add(send);
      return Object.assign(send, {
        returned(messageId: string, ack: Ack) {
          name(send, messageId);
          heard(send, messageId, ack);
        },
      });
    },
    echoed(messageId, text) {
      if (ours.has(messageId)) return true;
      const send = [...pending].find(one => one.messageId === null && one.text === text);
      if (send) name(send, messageId);
      return send !== undefined;
    },
    ack(messageId, ack) {
      for (const send of pending) if (send.messageId === messageId) heard(send, messageId, ack);
    },
    isOurs: messageId => ours.has(messageId),
    abandon(reason) {
      for (const send of [...pending]) {
        send.settle({ kind: 'unknown', reason, ...idIn(send) });
      }
    },
  };
}

interface Pending {
  text: string;
  messageId: string | null;
  outcome: Promise<SendOutcome>;
  settle(outcome: SendOutcome): void;
}

function newPending(text: string, deadlineMs: number, onSettled: (send: Pending) => void): Pending {
  let resolve: (outcome: SendOutcome) => void = () => undefined;
  const outcome = new Promise<SendOutcome>(settle => (resolve = settle));
  const deadline = setTimeout(() => {
    send.settle({ kind: 'unknown', reason: 'deadline', ...idIn(send) });
  }, deadlineMs);
  const send: Pending = {
    text,
    messageId: null,
    outcome,
    settle(result) {
      clearTimeout(deadline);
      onSettled(send);
      resolve(result);
    },
  };
  return send;
}

const idIn = ({ messageId }: Pending): { messageId?: string } => (messageId === null ? {} : { messageId });

/** The codes of WhatsApp's server that say why. */
export const refusalForCode = (code: unknown): NotSentReason =>
  String(code) === '463' ? 'refused_463' : String(code) === '475' ? 'refused_475' : 'refused';
