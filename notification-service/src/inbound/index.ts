/** What people say back: answers, opt-outs, and what the member writes by hand. */
import type { ObservedMessage } from '../channels/index.ts';
import { inboundMessageModel } from './inbound-message-model.ts';
import type { InboundMessageDoc } from './inbound-message-model.ts';
import { finishNoted, onMessage } from './on-message.ts';
import type { InboundDeps } from './on-message.ts';

export { confirmationText } from './confirmation-text.ts';
export { inboundMessageModel } from './inbound-message-model.ts';
export type { InboundMessageDoc } from './inbound-message-model.ts';
export type { InboundDeps, Recipient } from './on-message.ts';

export interface Inbound {
  onMessage(channelId: string, message: ObservedMessage): Promise<void>;
  /** For a tick: goes on with what a process that died has left half done. Resolves with how many. */
  finishNoted(): Promise<number>;
  /** Texts received before this instant are forgotten; that somebody answered is not. Resolves with how many. */
  eraseTexts(before: Date): Promise<number>;
}

export function createInbound(deps: InboundDeps): Inbound {
  return {
    onMessage: (channelId, message) => onMessage(channelId, message, deps),
    finishNoted: () => finishNoted(deps),
    async eraseTexts(before) {
      const { modifiedCount } = await deps.db
        .collection<InboundMessageDoc>(inboundMessageModel.name)
        .updateMany({ receivedAt: { $lt: before }, text: { $ne: null } }, { $set: { text: null } });
      return modifiedCount;
    },
  };
}
