import { setTimeout as sleep } from 'node:timers/promises';
import type { Calls } from './calls.ts';
import { until } from './wait.ts';
import type { StormPlan } from './plan.ts';
import type { Stage } from './stage.ts';

export interface Member {
  id: string;
  phone: string;
}
export interface Person {
  id: string;
  phone: string;
  memberId: string;
}
export interface Cast {
  members: Member[];
  people: Person[];
}

const DAYS = [1, 2, 3, 4, 5, 6, 7];
/** On this day two pictures are sent: the text with the first one, the second without a word. */
export const DAY_OF_TWO_PARTS = 4;

const MONTHS_AGO = '2025-06-01T00:00:00.000Z';

/** Nobody is real; every phone number belongs to one of them alone. */
export function castOf({
  members: count,
  referralsEach,
}: Pick<StormPlan, 'members' | 'referralsEach'>): Cast {
  const members = Array.from({ length: count }, (_, m) => ({
    id: `member-${m}`,
    phone: `336120${String(m).padStart(5, '0')}`,
  }));
  const people = members.flatMap(({ id: memberId }, m) =>
    Array.from({ length: referralsEach }, (_, r) => ({
      id: `person-${m}-${r}`,
      phone: `336500${String(m * referralsEach + r).padStart(5, '0')}`,
      memberId,
    })),
  );
  return { members, people };
}

/** The texts, and numbers that are old enough to need no warm-up. */
export async function prepare({ members }: Cast, calls: Calls): Promise<void> {
  await writeMessages(calls);
  await calls.control('/numbers', {
    numbers: members.map(({ phone }) => ({ phone, registered: true, since: MONTHS_AGO })),
  });
}

const TELL_AGAIN_MS = 200;

/** The platform tells who was referred, and again until it is answered; the next run enrolls them. */
export async function refer(
  people: readonly Person[],
  calls: Calls,
  { clock }: Pick<Stage, 'clock'>,
): Promise<void> {
  const createdAt = new Date(clock.now().getTime() - 3_600_000).toISOString();
  const referrals = people.map(({ id, phone, memberId }) => ({
    ...{ _id: id, name: id, phoneNumber: phone, referrerUserId: memberId, createdAt },
    ...{ country: 'FR', language: ['fr'], activeSubscriptionTypes: [] },
  }));
  for (;;) {
    try {
      await calls.service('/referrals', { referrals });
      return;
    } catch {
      await sleep(TELL_AGAIN_MS);
    }
  }
}

async function writeMessages(calls: Calls): Promise<void> {
  const pictures = [await upload(calls, 1), await upload(calls, 2)];
  for (const dayNumber of DAYS) {
    await calls.admin('/messages', {
      dayNumber,
      messageTemplate: { fr: 'Jour {{ day }} pour {{ name }}' },
      mediaUrls: dayNumber === DAY_OF_TWO_PARTS ? pictures.map(url => ({ url })) : [],
    });
  }
}

/** Which day a text of ours is; null for anything else. */
export const dayInText = (text: string): number | null => {
  const day = /^Jour (\d) pour /.exec(text)?.[1];
  return day === undefined ? null : Number(day);
};

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

async function upload(calls: Calls, which: number): Promise<string> {
  const form = new FormData();
  const bytes = Buffer.concat([Buffer.from(PIXEL, 'base64'), Buffer.from([which])]);
  form.append('file', new Blob([bytes], { type: 'image/png' }), `picture-${which}.png`);
  return ((await calls.admin('/upload-media', form)) as { url: string }).url;
}

const AT_ONCE = 5;

/** Every member asks for a QR and a phone scans it; which of the phones is whose makes no difference. */
export async function linkAll({ members }: Cast, calls: Calls): Promise<void> {
  const phones = members.map(({ phone }) => phone);
  for (let at = 0; at < members.length; at += AT_ONCE) {
    const linking = members.slice(at, at + AT_ONCE);
    await until('the members are connected', 90_000, async () => {
      const open = await notConnected(linking, calls);
      // A machine under load may refuse: it is asked again.
      await Promise.all(open.map(id => calls.member(id, 'POST', '/connect', {}).catch(() => undefined)));
      const waiting = (await calls.control('/links')) as { device: string }[];
      for (const { device } of waiting) {
        const phone = phones.shift();
        if (phone !== undefined) await calls.control(`/links/${device}/scan`, { phone });
      }
      return open.length === 0;
    });
  }
}

async function notConnected(members: readonly Member[], calls: Calls): Promise<string[]> {
  const open: string[] = [];
  for (const { id } of members) {
    const status = await calls.member(id, 'GET', '/status');
    if ((status as { whatsappStatus: string }).whatsappStatus !== 'connected') open.push(id);
  }
  return open;
}
