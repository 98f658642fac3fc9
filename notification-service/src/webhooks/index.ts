/** News that leave the house: what a member must hear of although nobody has the page open. */
import type { Clock } from '../platform/clock.ts';
import type { Config } from '../platform/config.ts';
import type { Logger } from '../platform/logger.ts';
import type { Db } from '../platform/mongo.ts';
import { createOutbox } from '../platform/outbox.ts';
import type { OutboxDoc } from '../platform/outbox.ts';
import { notificationModel } from './notification-model.ts';

export { notificationModel } from './notification-model.ts';

export interface News {
  /** Names the event: it is told once. */
  key: string;
  memberId: string;
  kind: 'replied' | 'disconnected' | 'needs_attention';
  data: unknown;
}

export interface Webhooks {
  /** Never waits for the receiver. Posts `{id, event, memberId, at, data}` to NOTIFY_WEBHOOK_URL; unset, nothing is kept. */
  notify(news: News): Promise<void>;
  /** For a tick of a few seconds. */
  deliverDue(): Promise<void>;
}

export function createWebhooks(deps: {
  db: Db;
  config: Pick<Config, 'NOTIFY_WEBHOOK_URL'>;
  clock: Clock;
  logger: Logger;
}): Webhooks {
  const { db, config, clock, logger } = deps;
  const collection = db.collection<OutboxDoc>(notificationModel.name);
  const url = config.NOTIFY_WEBHOOK_URL;
  const outbox = createOutbox({ collection, url, clock, logger });
  return {
    async notify({ key, memberId, kind, data }) {
      if (url === undefined) return;
      const body = { id: key, event: kind, memberId, at: clock.now(), data };
      await outbox.add({ _id: key, memberId, kind, body });
    },
    deliverDue: () => outbox.deliverDue(),
  };
}
