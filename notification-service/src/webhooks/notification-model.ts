import { defineModel } from '../platform/mongo.ts';
import { OUTBOX_INDEXES } from '../platform/outbox.ts';
import type { OutboxDoc } from '../platform/outbox.ts';

export const notificationModel = defineModel<OutboxDoc>('notifications', OUTBOX_INDEXES);
