import type { z } from 'zod';
import { TransportError } from '../../channels/transport.ts';
import type { NetworkAnswer } from './frames.ts';

/** Questions to the network that wait for their answer, each with a deadline of its own. */
export interface Questions {
  ask<T>(
    frame: { op: string } & Record<string, unknown>,
    schema: z.ZodType<T>,
    deadlineMs: number,
  ): Promise<T>;
  answered(answer: NetworkAnswer): void;
  /** Nobody will answer any more: every waiting question is rejected. */
  abandon(): void;
}

export function createQuestions(write: (frame: Record<string, unknown>) => void): Questions {
  const waiting = new Map<number, Waiting>();
  let asked = 0;

  const settle = (req: number): Waiting | undefined => {
    const question = waiting.get(req);
    waiting.delete(req);
    if (question) clearTimeout(question.deadline);
    return question;
  };

  return {
    ask(frame, schema, deadlineMs) {
      const req = (asked += 1);
      return new Promise((resolve, reject) => {
        const deadline = setTimeout(() => {
          settle(req)?.reject(new TransportError('deadline', 'WhatsApp did not answer in time.'));
        }, deadlineMs);
        waiting.set(req, {
          deadline,
          reject,
          take(answer) {
            if (!answer.ok) {
              reject(new RefusedByNetwork(answer.error, answer.sentence));
              return;
            }
            const value = schema.safeParse(answer.value);
            if (value.success) resolve(value.data);
            else reject(new TransportError('refused', 'WhatsApp answered something that is not understood.'));
          },
        });
        write({ ...frame, req });
      });
    },
    answered(answer) {
      settle(answer.re)?.take(answer);
    },
    abandon() {
      for (const req of [...waiting.keys()]) {
        settle(req)?.reject(new TransportError('not_ready', 'The connection to WhatsApp was lost.'));
      }
    },
  };
}

/** The network said no; `code` is its reason. */
export class RefusedByNetwork extends TransportError {
  readonly code: string;
  constructor(code: string, sentence: string) {
    super('refused', sentence);
    this.code = code;
  }
}

interface Waiting {
  deadline: NodeJS.Timeout;
  reject(error: TransportError): void;
  take(answer: NetworkAnswer): void;
}
