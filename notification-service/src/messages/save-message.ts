import type { UserActor } from '../http/route.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { Collection } from '../platform/mongo.ts';
import { checkTemplate } from './check-template.ts';
import { keepMedia, type KeepMediaDeps } from './keep-media.ts';
import {
  type DayMedia,
  type DayMessageDoc,
  dayMessageIdOf,
  type MessageVersionDoc,
} from './message-model.ts';
import type { MessageBody } from './message-schemas.ts';
import { MAX_PARTS, partsOfDay } from './parts-of-day.ts';
import type { TemplateMistake } from './template-mistake.ts';

export interface AuditEntry {
  actor: string;
  action: string;
  target: string;
  before?: unknown;
  after?: unknown;
}

export interface SaveDeps extends KeepMediaDeps {
  messages: Collection<DayMessageDoc>;
  versions: Collection<MessageVersionDoc>;
  clock: Clock;
  recordAudit: (entry: AuditEntry) => Promise<void>;
}

/** Creates or replaces the message of a day. What cannot be sent is refused with its place and a sentence. */
export async function saveMessage(
  body: MessageBody,
  actor: UserActor,
  deps: SaveDeps,
): Promise<DayMessageDoc> {
  const checked = checkTexts(body.messageTemplate);
  refuseTooMany(body.mediaUrls, body.messageTemplate);
  const kept = await keepMedia(body.mediaUrls, actor.userId, deps);
  const crowded = languageWithTooManyParts(checked.longest, kept.media);
  if (crowded !== null) {
    await kept.undo();
    throw tooManyParts(crowded);
  }
  return writeMessage(
    {
      _id: dayMessageIdOf(body.dayNumber),
      dayNumber: body.dayNumber,
      messageTemplate: body.messageTemplate,
      mediaUrls: kept.media,
      variables: body.variables ?? checked.variables,
      active: body.active,
      updatedAt: deps.clock.now(),
      updatedBy: actor.userId,
    },
    'message.save',
    deps,
  );
}

/** The day goes on in the sequence without a message: it is skipped with its reason. Null when there never was one. */
export async function deactivateMessage(
  day: number,
  actor: UserActor,
  deps: SaveDeps,
): Promise<DayMessageDoc | null> {
  const found = await deps.messages.findOne({ _id: dayMessageIdOf(day) });
  if (!found?.active) return found;
  const changed = { active: false, updatedAt: deps.clock.now(), updatedBy: actor.userId };
  return writeMessage({ ...found, ...changed }, 'message.deactivate', deps);
}

/** The version first: a crash in between leaves a version too many, never a state nobody knows the author of. */
async function writeMessage(doc: DayMessageDoc, action: string, deps: SaveDeps): Promise<DayMessageDoc> {
  await deps.versions.insertOne({ ...doc, _id: newId(), messageId: doc._id });
  const before = await deps.messages.findOneAndReplace({ _id: doc._id }, doc, { upsert: true });
  await deps.recordAudit({
    actor: doc.updatedBy,
    action,
    target: `day-${doc.dayNumber}`,
    before,
    after: doc,
  });
  return doc;
}

export interface CheckedTexts {
  variables: string[];
  /** By language, rendered for somebody whose every value is long. */
  longest: Map<string, string>;
}

/** Every text must be sendable; the first mistake makes the sentence, all of them stand in the details. */
export function checkTexts(texts: Readonly<Record<string, string>>): CheckedTexts {
  const variables = new Set<string>();
  const longest = new Map<string, string>();
  const mistakes: (TemplateMistake & { language: string })[] = [];
  for (const [language, text] of Object.entries(texts)) {
    const check = checkTemplate(text, language);
    if (!check.ok) {
      mistakes.push({ language, ...check.mistake });
      continue;
    }
    longest.set(language, check.longest);
    for (const name of check.variables) variables.add(name);
  }
  const [first] = mistakes;
  if (!first) return { variables: [...variables], longest };
  throw new AppError(
    'bad_request',
    `messageTemplate.${first.language}, line ${first.line}, column ${first.column}: ${first.problem}.`,
    { details: { ...first, mistakes } },
  );
}

const belongsTo = (language: string) => (media: { language: string | null }) =>
  media.language === null || media.language === language;

/** Before anything is fetched. */
function refuseTooMany(
  media: readonly { language: string | null }[],
  texts: Readonly<Record<string, string>>,
): void {
  for (const language of Object.keys(texts)) {
    if (media.filter(belongsTo(language)).length > MAX_PARTS) throw tooManyParts(language);
  }
}

function languageWithTooManyParts(
  texts: ReadonlyMap<string, string>,
  media: readonly DayMedia[],
): string | null {
  for (const [language, text] of texts) {
    const own = media.filter(belongsTo(language)).map(({ type }) => ({ kind: type }));
    if (partsOfDay(text, own).length > MAX_PARTS) return language;
  }
  return null;
}

const tooManyParts = (language: string): AppError =>
  new AppError(
    'bad_request',
    `One day can have at most ${MAX_PARTS} WhatsApp messages, its text and attachments together; in "${language}" it has more.`,
  );
