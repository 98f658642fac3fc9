import { campaignModel } from './campaigns/index.ts';
import {
  channelLoginModel,
  channelModel,
  commandModel,
  connectionHistoryModel,
  helpRequestModel,
  instanceModel,
  sendOutcomeModel,
} from './channels/index.ts';
import { outgoingModel, receiptModel } from './delivery/index.ts';
import { enrollmentModel, exitEventModel, passedOverModel, personModel } from './enrollments/index.ts';
import { inboundMessageModel } from './inbound/index.ts';
import { auditModel, deliveryModel } from './insight/index.ts';
import { memberModel } from './members/index.ts';
import { dayMessageModel, messageVersionModel } from './messages/index.ts';
import { referralModel } from './referrals/index.ts';
import { vaultModel } from './transports/whatsapp-web/vault.ts';
import { notificationModel } from './webhooks/index.ts';

/** Every collection of the service: what is listed here gets its indexes at the start. */
export const collections = [
  memberModel,
  channelModel,
  channelLoginModel,
  vaultModel,
  commandModel,
  instanceModel,
  connectionHistoryModel,
  helpRequestModel,
  sendOutcomeModel,
  dayMessageModel,
  messageVersionModel,
  referralModel,
  campaignModel,
  enrollmentModel,
  personModel,
  exitEventModel,
  passedOverModel,
  outgoingModel,
  receiptModel,
  inboundMessageModel,
  notificationModel,
  deliveryModel,
  auditModel,
];
