import type { ServerResponse } from 'node:http';
import { startFakeHttp } from './fake-http.ts';
import type { FakeAnswer, FakeHttp, SeenRequest } from './fake-http.ts';

export interface FakePerson {
  _id: string;
  referrerUserId: string;
  name: string;
  email: string;
  phoneNumber: string;
  country: string;
  gender: string;
  profession: string;
  age: number;
  language: string[];
  activeSubscriptionTypes: string[];
  createdAt: string;
}

export type FakeCall =
  'has-relance-subscription' | 'unpaid-referrals' | 'referrals-for-campaign' | 'batch-details';

/** How the next calls of one kind go wrong. `times`: so often, then well again; always where it is left out. */
export type FakeTrouble = { call: FakeCall; memberId?: string; times?: number } & (
  | { kind: 'status'; status: number }
  | { kind: 'hangs' }
  /** The body ends after so many bytes, though more were promised. */
  | { kind: 'cut'; bytes: number }
  /** The same, but the connection closes as if all were well. */
  | { kind: 'truncated'; bytes: number }
  | { kind: 'says'; body: unknown }
);

export interface FakeUserService {
  url: string;
  readonly secret: string;
  requests: SeenRequest[];
  /** Adds, or replaces, people with sensible fields. */
  add(...people: (Partial<FakePerson> & Pick<FakePerson, '_id' | 'referrerUserId'>)[]): void;
  pay(...ids: string[]): void;
  /** The account is deleted: no call knows it any more. */
  forget(...ids: string[]): void;
  /** Members have the subscription unless said otherwise. */
  subscribe(memberId: string, has: boolean): void;
  trouble(trouble: FakeTrouble): void;
  wellAgain(): void;
  close(): Promise<void>;
}

const PAID = 'CLASSIQUE';

/** The platform's user service, as a real HTTP server over a list of people. */
export async function startFakeUserService(
  secret = 'fake-service-secret-of-32-characters',
): Promise<FakeUserService> {
  const people = new Map<string, FakePerson>();
  const unsubscribed = new Set<string>();
  let troubles: FakeTrouble[] = [];

  const http: FakeHttp = await startFakeHttp((request, res) => {
    if (request.headers.authorization !== `Bearer ${secret}`)
      return { status: 403, body: { success: false } };
    if (request.headers['x-service-name'] !== 'notification-service')
      return { status: 400, body: { success: false } };
    const asked = readCall(request);
    if (!asked) return { status: 404, body: { success: false } };
    const body = { success: true, data: answerTo(asked, request, people, unsubscribed) };
    const trouble = takeTrouble(troubles, asked);
    return trouble ? goWrong(trouble, body, res) : { body };
  });

  return {
    url: http.url,
    secret,
    requests: http.requests,
    add(...added) {
      for (const person of added) people.set(person._id, { ...usual(people.size), ...person });
    },
    pay(...ids) {
      for (const id of ids) {
        const person = people.get(id);
        if (person) people.set(id, { ...person, activeSubscriptionTypes: [PAID] });
      }
    },
    forget(...ids) {
      for (const id of ids) people.delete(id);
    },
    subscribe(memberId, has) {
      if (has) unsubscribed.delete(memberId);
      else unsubscribed.add(memberId);
    },
    trouble: trouble => void troubles.push({ ...trouble }),
    wellAgain() {
      troubles = [];
    },
    close: () => http.close(),
  };
}

const usual = (n: number): Omit<FakePerson, '_id' | 'referrerUserId'> => ({
  name: `Person ${n}`,
  email: `person-${n}@example.org`,
  phoneNumber: `336${String(12_000_000 + n)}`,
  country: 'FR',
  gender: n % 2 ? 'female' : 'male',
  profession: 'teacher',
  age: 30,
  language: ['fr'],
  activeSubscriptionTypes: [],
  createdAt: '2026-01-01T00:00:00.000Z',
});

interface Asked {
  call: FakeCall;
  memberId: string;
  since: string | null;
}

function readCall({ url, method }: SeenRequest): Asked | null {
  const { pathname, searchParams } = new URL(url, 'http://fake');
  if (method === 'POST' && pathname === '/users/internal/batch-details') {
    return { call: 'batch-details', memberId: '', since: null };
  }
  const [, memberId = '', call = ''] =
    /^\/users\/internal\/([^/]+)\/(has-relance-subscription|unpaid-referrals|referrals-for-campaign)$/.exec(
      pathname,
    ) ?? [];
  if (method !== 'GET' || call === '') return null;
  return { call: call as FakeCall, memberId: decodeURIComponent(memberId), since: searchParams.get('since') };
}

function answerTo(
  { call, memberId, since }: Asked,
  request: SeenRequest,
  people: ReadonlyMap<string, FakePerson>,
  unsubscribed: ReadonlySet<string>,
): unknown {
  const referred = () => [...people.values()].filter(person => person.referrerUserId === memberId);
  switch (call) {
    case 'has-relance-subscription':
      return { hasRelance: !unsubscribed.has(memberId) };
    case 'unpaid-referrals':
      return referred()
        .filter(person => person.activeSubscriptionTypes.length === 0)
        .filter(person => since === null || person.createdAt >= since)
        .map(asReferral);
    case 'referrals-for-campaign':
      return referred().map(asReferral);
    case 'batch-details': {
      const { userIds } = request.body as { userIds: string[] };
      return userIds
        .map(id => people.get(id))
        .filter(person => person !== undefined)
        .map(({ _id, name, email, phoneNumber, language }) => ({ _id, name, email, phoneNumber, language }));
    }
  }
}

const asReferral = ({ referrerUserId: _referrer, language: _language, ...rest }: FakePerson) => rest;

function takeTrouble(troubles: FakeTrouble[], { call, memberId }: Asked): FakeTrouble | undefined {
  const found = troubles.find(
    trouble =>
      trouble.call === call &&
      (trouble.memberId === undefined || trouble.memberId === memberId) &&
      (trouble.times === undefined || trouble.times > 0),
  );
  if (found?.times !== undefined) found.times -= 1;
  return found;
}

function goWrong(trouble: FakeTrouble, body: unknown, res: ServerResponse): FakeAnswer | undefined {
  switch (trouble.kind) {
    case 'status':
      return { status: trouble.status, body: { success: false, message: 'Out of order' } };
    case 'says':
      return { body: trouble.body };
    case 'hangs':
      return undefined;
    case 'cut': {
      const bytes = Buffer.from(JSON.stringify(body));
      res.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length });
      res.write(bytes.subarray(0, trouble.bytes), () => res.destroy());
      return undefined;
    }
    case 'truncated':
      return {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body).slice(0, trouble.bytes),
      };
  }
}
