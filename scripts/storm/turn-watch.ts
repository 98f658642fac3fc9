import type { ChannelDoc } from '../../notification-service/src/channels/index.ts';
import type { EnrollmentDoc } from '../../notification-service/src/enrollments/index.ts';
import type { Db } from '../../notification-service/src/platform/mongo.ts';

/** Where a turn stands, as the stores show it. */
export type TurnPlace = 'takeToFence' | 'fenceToRecord' | 'recordToEnd' | 'recovery';

export interface SeenTurn {
  channelId: string;
  owner: string;
  place: TurnPlace;
}

/** Looks at the turns that are under way, and remembers who took each of them. */
export interface TurnWatch {
  look(): Promise<SeenTurn[]>;
}

type WithTurn = Required<Pick<ChannelDoc, '_id' | 'owner' | 'turn'>>;
type WithStep = Pick<EnrollmentDoc, '_id' | 'step' | 'rows' | 'why'>;

export function createTurnWatch(db: Db): TurnWatch {
  const channels = db.collection<ChannelDoc>('channels');
  const enrollments = db.collection<EnrollmentDoc>('enrollments');
  const takers = new Map<string, string>();

  const readAll = async (): Promise<SeenTurn[]> => {
    const running = await channels
      .find({ 'turn.token': { $exists: true } })
      .project<WithTurn>({ owner: 1, turn: 1 })
      .toArray();
    const ids = running.map(({ turn }) => turn.subject.id);
    const subjects = await enrollments
      .find({ _id: { $in: ids } })
      .project<WithStep>({ step: 1, rows: 1, why: 1 })
      .toArray();
    const byId = new Map(subjects.map(subject => [subject._id, subject]));
    return running.flatMap(channel => {
      const { instance } = channel.owner;
      const subject = byId.get(channel.turn.subject.id);
      if (instance === null || !subject) return [];
      const taker = takers.get(channel.turn.token) ?? instance;
      takers.set(channel.turn.token, taker);
      return { channelId: channel._id, owner: instance, place: placeOf(channel, subject, taker) };
    });
  };
  // While the store is away nothing can be seen.
  return { look: () => readAll().catch(() => []) };
}

function placeOf({ owner, turn }: WithTurn, { step, rows, why }: WithStep, taker: string): TurnPlace {
  if (taker !== owner.instance) return 'recovery';
  if (step.fence?.token === turn.token) return step.state === 'sending' ? 'fenceToRecord' : 'recordToEnd';
  // Scheduled again under the same turn: a part has its row, or a fence was undone.
  const wasFenced = Object.values(rows).some(row => row.token === turn.token) || why?.code === 'retry_later';
  return step.state === 'scheduled' && !wasFenced ? 'takeToFence' : 'recordToEnd';
}
