import type { DocStore } from '../platform/doc-store.ts';

/**
 * Pauses one person: `held` is set and the version raised, so that a turn already under way fails at its fence.
 * False when the enrollment is not active.
 */
export function holdEnrollment(
  args: { enrollmentId: string; reason: string; at: Date },
  { store }: { store: DocStore },
): Promise<boolean> {
  const { enrollmentId, reason, at } = args;
  return store.updateOne(
    'enrollments',
    { _id: enrollmentId, status: 'active' },
    { $set: { held: { reason, at }, 'step.tryAt': null }, $inc: { 'step.version': 1 } },
  );
}

/** An enrollment moves to another channel only from `scheduled`; the new channel's alarm is set afterwards. */
export const moveWrites = (args: { enrollmentId: string; from: string; to: string; now: Date }) => ({
  move: {
    filter: { _id: args.enrollmentId, channelId: args.from, status: 'active', 'step.state': 'scheduled' },
    update: { $set: { channelId: args.to }, $inc: { 'step.version': 1 } },
  },
  alarm: { filter: { _id: args.to }, update: { $min: { nextActionAt: args.now } } },
});
