import { newChannel } from '../../notification-service/src/channels/index.ts';
import type {
  ChannelDoc,
  HeldSession,
  Session,
  SessionHost,
} from '../../notification-service/src/channels/index.ts';
import type { EnrollmentDoc } from '../../notification-service/src/enrollments/index.ts';
import { idOf } from '../../notification-service/src/platform/ids.ts';
import { newToken } from '../../notification-service/src/platform/random.ts';
import type { Db } from '../../notification-service/src/platform/mongo.ts';

export const INSTANCE = 'bench-instance';
export const NOW = new Date('2026-06-01T10:00:00Z');
const LATER = new Date('2027-01-01T00:00:00Z');

export const sampleChannel = (n: number, due: boolean): ChannelDoc => ({
  ...newChannel({
    _id: idOf('channel', String(n)),
    memberId: `member-${n}`,
    transport: 'simulator',
    at: NOW,
  }),
  state: 'active',
  hasLogin: true,
  owner: { instance: INSTANCE, epoch: 1 },
  sessionSerial: 1,
  sessionReadyAt: NOW,
  linkedAt: new Date('2026-01-01T00:00:00Z'),
  nextActionAt: due ? NOW : LATER,
});

export const sampleEnrollment = (channelId: string, n: number, dueAt: Date): EnrollmentDoc => ({
  _id: idOf('enrollment', channelId, String(n)),
  campaignId: idOf('campaign', channelId),
  campaignType: 'default',
  forSubscribers: false,
  memberId: `member-of-${channelId}`,
  channelId,
  referralUserId: `referral-${channelId}-${n}`,
  referral: { name: 'Awa Ndiaye', firstName: 'Awa', email: null, country: 'SN', attributes: {} },
  phone: `22177${String(n).padStart(7, '0')}`,
  phoneHash: idOf('phone', channelId, String(n)),
  chat: { chatId: `chat-${n}`, lid: null },
  language: 'fr',
  zone: 'Africa/Dakar',
  status: 'active',
  exitReason: null,
  enteredAt: NOW,
  exitedAt: null,
  held: null,
  priority: 0,
  step: {
    day: 2,
    part: 0,
    state: 'scheduled',
    dueAt,
    tryAt: dueAt,
    rank: 1,
    version: 1,
    attempts: 0,
    startedAt: null,
    resentOnce: false,
    fence: null,
  },
  why: null,
  wallMinute: 600,
  lastLocalDate: '2026-05-31',
  shiftDays: 0,
  referralCreatedAt: new Date('2026-05-01T00:00:00Z'),
  unpaidSeenAt: NOW,
  rows: {},
  rowsAt: null,
  lastMessageSentAt: null,
});

/** Answers at once. */
const session: Session = {
  alive: true,
  requestPairingCode: () => Promise.resolve(''),
  lookUp: () => Promise.resolve({ chatId: 'chat', lid: null }),
  typing: () => Promise.resolve(),
  newMessageId: newToken,
  send: (_chat, _part, messageId) => Promise.resolve({ kind: 'sent', messageId: messageId ?? '' }),
  history: () => Promise.resolve([]),
  unlink: () => Promise.resolve({ unlinked: true }),
  close: () => Promise.resolve(),
};

/** Hosts whatever channel it is asked for. */
export const sampleHost: SessionHost = {
  instanceId: INSTANCE,
  isActing: () => true,
  held: (channelId): HeldSession => ({
    channelId,
    session,
    serial: 1,
    epoch: 1,
    identity: { phone: '1', lid: null, inUseSince: null },
  }),
  restart: () => Promise.resolve(),
};

/** Inserts many documents made on the fly, in bounded memory. */
export async function fill(
  db: Db,
  collection: string,
  count: number,
  make: (n: number) => object,
): Promise<void> {
  const target = db.collection(collection);
  for (let from = 0; from < count; from += 5_000) {
    const docs = Array.from({ length: Math.min(5_000, count - from) }, (_, at) => make(from + at));
    await target.insertMany(docs, { ordered: false });
  }
}
