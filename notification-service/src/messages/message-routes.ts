import { z } from 'zod';
import { route } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import type { MemberDoc } from '../members/index.ts';
import { AppError } from '../platform/errors.ts';
import type { Collection } from '../platform/mongo.ts';
import { dayMessageIdOf } from './message-model.ts';
import {
  dayParams,
  memberPreviewQuery,
  memberPreviewShape,
  messageBody,
  messageShape,
  previewBody,
  previewShape,
  testBody,
  versionShape,
} from './message-schemas.ts';
import { previewForMember } from './preview-for-member.ts';
import { previewMessage, type PreviewDeps } from './preview-message.ts';
import { deactivateMessage, type SaveDeps, saveMessage } from './save-message.ts';
import { shownMessage } from './shown-message.ts';
import { type SendTest, testMessage } from './test-message.ts';

export interface MessageRouteDeps extends SaveDeps, PreviewDeps {
  members: Collection<MemberDoc>;
  sendTest: SendTest;
}

const ADMIN = '/api/relance/admin/messages';
const admin = { access: 'admin', tag: 'Admin' } as const;
const notFound = () => new AppError('not_found', 'Message not found');

export const messageRoutes = (deps: MessageRouteDeps): Route[] => [
  ...readRoutes(deps),
  ...writeRoutes(deps),
  route({
    method: 'get',
    path: '/api/relance/messages/preview',
    access: 'member',
    tag: 'Member',
    summary: 'The seven texts as this member’s friends will get them.',
    query: memberPreviewQuery,
    replies: { 200: memberPreviewShape },
    async handle({ actor, query }) {
      const member = await deps.members.findOne({ _id: actor.userId });
      const name = member?.name ?? actor.name;
      const language = query.language ?? member?.language ?? null;
      return { data: await previewForMember({ name, language }, deps) };
    },
  }),
];

const readRoutes = ({ messages, versions, addressOf }: MessageRouteDeps): Route[] => [
  route({
    ...admin,
    method: 'get',
    path: ADMIN,
    summary: 'All day messages, inactive ones too.',
    replies: { 200: z.array(messageShape) },
    async handle() {
      const found = await messages.find().sort({ dayNumber: 1 }).toArray();
      return { data: found.map(doc => shownMessage(doc, addressOf)) };
    },
  }),
  route({
    ...admin,
    method: 'get',
    path: `${ADMIN}/{day}`,
    summary: 'The message of one day.',
    params: dayParams,
    replies: { 200: messageShape },
    errors: { 404: 'Message not found' },
    async handle({ params }) {
      const doc = await messages.findOne({ _id: dayMessageIdOf(params.day) });
      if (!doc) throw notFound();
      return { data: shownMessage(doc, addressOf) };
    },
  }),
  route({
    ...admin,
    method: 'get',
    path: `${ADMIN}/{day}/versions`,
    summary: 'What a day said before, the latest first: who saved it and when. At most 50.',
    params: dayParams,
    replies: { 200: z.array(versionShape) },
    async handle({ params }) {
      const found = await versions
        .find({ messageId: dayMessageIdOf(params.day) })
        .sort({ updatedAt: -1, _id: -1 })
        .limit(MOST_VERSIONS)
        .toArray();
      return {
        data: found.map(doc => ({ ...shownMessage(doc, addressOf), updatedBy: doc.updatedBy })),
      };
    },
  }),
];

const MOST_VERSIONS = 50;

const writeRoutes = (deps: MessageRouteDeps): Route[] => [
  route({
    ...admin,
    method: 'post',
    path: ADMIN,
    summary:
      'Creates or replaces the message of a day. What could not be sent is refused with its line and column.',
    maxBodyBytes: 1024 * 1024,
    body: messageBody(deps.defaultLanguage),
    replies: { 200: messageShape },
    errors: { 413: 'A file is too large for its kind.', 415: 'A file is of a kind that cannot be sent.' },
    async handle({ actor, body }) {
      return {
        data: shownMessage(await saveMessage(body, actor, deps), deps.addressOf),
        message: 'Message saved',
      };
    },
  }),
  route({
    ...admin,
    method: 'post',
    path: `${ADMIN}/preview`,
    summary:
      'A draft (or, with `dayNumber` alone, a saved day) rendered for sample data, as WhatsApp shows it.',
    limit: 'read',
    maxBodyBytes: 1024 * 1024,
    body: previewBody,
    replies: { 200: previewShape },
    errors: { 404: 'Message not found' },
    handle: async ({ body }) => ({ data: await previewMessage(body, deps) }),
  }),
  route({
    ...admin,
    method: 'post',
    path: `${ADMIN}/{day}/test`,
    summary: 'Sends a day to a number through the admin’s own channel, in its turn.',
    params: dayParams,
    body: testBody,
    replies: { 202: z.object({ id: z.string() }) },
    errors: { 404: 'Message not found', 409: 'The admin’s own WhatsApp is not connected.' },
    async handle({ actor, params, body }) {
      const data = await testMessage(params.day, body, actor, deps);
      await deps.recordAudit({
        actor: actor.userId,
        action: 'message.test',
        target: `day-${params.day}`,
        after: data,
      });
      return { status: 202, data, message: 'Test message is on its way' };
    },
  }),
  route({
    ...admin,
    method: 'delete',
    path: `${ADMIN}/{day}`,
    summary: 'Deactivates the message of a day: that day is skipped.',
    params: dayParams,
    replies: { 200: messageShape },
    errors: { 404: 'Message not found' },
    async handle({ actor, params }) {
      const doc = await deactivateMessage(params.day, actor, deps);
      if (!doc) throw notFound();
      return { data: shownMessage(doc, deps.addressOf), message: 'Message deactivated' };
    },
  }),
];
