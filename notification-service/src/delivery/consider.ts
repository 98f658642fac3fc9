import type { CampaignDoc } from '../campaigns/index.ts';
import type { PaceEntry } from '../channels/index.ts';
import type { PersonDoc, Row, Why } from '../enrollments/index.ts';
import { advance } from './advance.ts';
import { endAsPicked, putOff, skipAsPicked } from './step-writes.ts';
import type { Write } from './step-writes.ts';
import { collectionOf } from './subject.ts';
import type { Subject } from './subject.ts';
import type { Steps, TurnDeps, TurnState } from './turn.ts';
import { stillWanted } from './wanted.ts';
import type { Decision } from './wanted.ts';

type AtPeople = Extract<TurnState, { at: 'people' }>;

/** 1, the decision: take the turn, or store why not (or the end) by the version of the pick, and pick again. */
export function consider(
  { seen, subject, campaign }: AtPeople,
  people: PersonDoc[],
  deps: TurnDeps,
): TurnState {
  const now = deps.clock.now();
  const decision = stillWanted(subject, {
    now,
    member: seen.member,
    campaign,
    campaignSends: sendsOf(campaign, seen.channel.pace.sends),
    people,
    calendar: deps.calendar,
    settings: deps.settings,
  });
  if (decision.kind === 'wanted') return { at: 'take', seen, subject, campaign };
  const write = writeOf(subject, decision, now, deps);
  return { at: 'put_off', seen, write: { collection: collectionOf(subject), ...write } };
}

const sendsOf = (campaign: CampaignDoc | null, sends: readonly PaceEntry[]): Date[] =>
  sends.flatMap(({ at, campaignId }) => (campaign && campaignId === campaign._id ? [at] : []));

export const putOffSteps: Steps<'put_off'> = {
  async put_off({ seen, write }, { store }) {
    await store.updateOne(write.collection, write.filter, write.update);
    return { at: 'due', seen, rank: 0 };
  },
};

function writeOf(
  subject: Subject,
  decision: Exclude<Decision, { kind: 'wanted' }>,
  now: Date,
  deps: TurnDeps,
): Write {
  switch (decision.kind) {
    case 'later': {
      const why: Why = { code: decision.why, detail: decision.detail, at: now, nextAt: decision.at };
      return putOff(subject, why, decision.at);
    }
    case 'end':
      return endAsPicked(
        subject,
        subject.kind === 'enrollment'
          ? { exitReason: decision.reason, exitedAt: now }
          : { outcome: 'skipped' },
      );
    case 'skip':
      return skipWrite(subject, decision.reason, now, deps);
  }
}

/** The part is left out with its reason, and what comes after it that day too. */
export function skipWrite(subject: Subject, reason: string, now: Date, deps: TurnDeps): Write {
  const row = rowOf(subject, { outcome: 'skipped', at: now, reason });
  return skipAsPicked(subject, row, advance(subject, row, row.part + 1, { ...deps, now }));
}

export function rowOf(subject: Subject, part: Pick<Row, 'outcome' | 'at' | 'reason'> & Partial<Row>): Row {
  const { day, part: number } = subject.doc.step;
  return { day, part: number, messageId: null, bodyHash: null, text: null, token: null, ...part };
}
