import { defineModel } from '../platform/mongo.ts';
import type { OutboxDoc } from './outbox.ts';

export const notificationModel = defineModel<OutboxDoc>('notifications', [
  { key: { nextTryAt: 1 }, name: 'due', partialFilterExpression: { deliveredAt: null } },
  { key: { createdAt: 1 } },
]);
