/** What is said: day messages, their languages and media, and how they read for one person. */
import type { Route } from '../http/route.ts';
import type { MemberDoc } from '../members/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Config } from '../platform/config.ts';
import type { Logger } from '../platform/logger.ts';
import type { Db } from '../platform/mongo.ts';
import { type FetchOutside, theInternet } from './fetch-media.ts';
import { type KeptOrNot, MEDIA_PATH, tryToKeep } from './keep-media.ts';
import { createLoadMedia } from './load-media.ts';
import { mediaRoutes } from './media-routes.ts';
import { createMediaStore } from './media-store.ts';
import {
  type DayMessageDoc,
  dayMessageModel,
  type MessageVersionDoc,
  messageVersionModel,
} from './message-model.ts';
import { messageRoutes } from './message-routes.ts';
import { type MemberDayPreview, previewForMember } from './preview-for-member.ts';
import { type DayRequest, type LoadMedia, renderDay, type RenderedDay } from './render-day.ts';
import type { AuditEntry } from './save-message.ts';
import type { SendTest } from './test-message.ts';

export { demoMessages } from './demo-messages.ts';
export { customDayBody } from './message-schemas.ts';
export type { CustomDayBody } from './message-schemas.ts';
export type { KeptOrNot } from './keep-media.ts';
export { checkTexts } from './save-message.ts';
export { languageChain } from './languages.ts';
export { dayMessageModel, messageVersionModel } from './message-model.ts';
export type { DayContent, DayMedia } from './message-model.ts';
export type { MemberDayPreview } from './preview-for-member.ts';
export type { DayRequest, LoadMedia, RenderedDay } from './render-day.ts';
export type { SendTest } from './test-message.ts';

export interface MessagesDeps {
  db: Db;
  config: Pick<Config, 'PUBLIC_URL' | 'PORT' | 'RELANCE_DEFAULT_LANGUAGE'>;
  clock: Clock;
  logger: Logger;
  recordAudit: (entry: AuditEntry) => Promise<void>;
  sendTest: SendTest;
  /** By default the public internet; tests name what else may be fetched. */
  outside?: FetchOutside;
}

export interface Messages {
  routes: Route[];
  /** What one person gets on one day; missing things are values. */
  renderDay(request: DayRequest): Promise<RenderedDay>;
  /** A stored file, whole, or null when it is gone. */
  loadMedia: LoadMedia;
  /** A file given by address, fetched within `withinMs` (machine time), or a sentence that says why not. */
  tryToKeep(
    given: { url: string; language: string | null },
    options: { keptBy: string; withinMs: number },
  ): Promise<KeptOrNot>;
  removeMedia(filename: string): Promise<void>;
  /** The seven texts as a member's friends get them. */
  previewFor(member: { name: string | null; language: string | null }): Promise<MemberDayPreview[]>;
}

export function createMessages(deps: MessagesDeps): Messages {
  const { db, config, clock, logger, recordAudit, sendTest, outside = theInternet } = deps;
  const messages = db.collection<DayMessageDoc>(dayMessageModel.name);
  const versions = db.collection<MessageVersionDoc>(messageVersionModel.name);
  const members = db.collection<MemberDoc>('members');
  const media = createMediaStore(db, clock);
  const loadMedia = createLoadMedia(media);
  const defaultLanguage = config.RELANCE_DEFAULT_LANGUAGE;
  const baseUrl = config.PUBLIC_URL ?? `http://localhost:${config.PORT}`;
  const addressOf = (filename: string): string => `${baseUrl}${MEDIA_PATH}${filename}`;
  const common = { messages, media, clock, logger, defaultLanguage, addressOf };
  return {
    routes: [
      ...messageRoutes({ ...common, versions, members, outside, baseUrl, recordAudit, sendTest }),
      ...mediaRoutes(common),
    ],
    renderDay: request => renderDay(request, { ...common, loadMedia }),
    loadMedia,
    tryToKeep: (given, options) =>
      tryToKeep({ ...given, sourceUrl: null }, options, { media, outside, baseUrl }),
    removeMedia: filename => media.remove(filename),
    previewFor: member => previewForMember(member, common),
  };
}
