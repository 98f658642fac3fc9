import type { MemberDoc } from '../members/index.ts';
import type { Logger } from '../platform/logger.ts';
import { runWithContext } from '../platform/request-context.ts';
import { enrollMember } from './enroll-member.ts';
import type { EnrollDeps } from './enroll-member.ts';
import { addToRun, emptyRun } from './run-report.ts';
import type { RunReport } from './run-report.ts';

/** So many members are asked about side by side: one slow answer does not keep the others waiting. */
const SIDE_BY_SIDE = 8;

/** The hour strikes: every member once. What goes wrong for one is logged and stops nobody else. */
export async function enrollDue(deps: EnrollDeps & { logger: Logger }): Promise<RunReport> {
  const run = emptyRun();
  const members = memberIds(deps);
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, () => work(members, run, deps)));
  deps.logger.info('An enrollment run has ended.', { ...run });
  return run;
}

const PAGE = 500;

/** Page by page: a run may last longer than a cursor of the database lives. */
async function* memberIds({ db }: EnrollDeps): AsyncGenerator<string> {
  const members = db.collection<MemberDoc>('members');
  for (let last = ''; ;) {
    const page = await members
      .find({ _id: { $gt: last } })
      .sort({ _id: 1 })
      .limit(PAGE)
      .project<{ _id: string }>({ _id: 1 })
      .toArray();
    for (const { _id } of page) yield _id;
    const end = page.at(-1);
    if (!end) return;
    last = end._id;
  }
}

async function work(
  members: AsyncGenerator<string>,
  run: RunReport,
  deps: EnrollDeps & { logger: Logger },
): Promise<void> {
  for (let next = await members.next(); !next.done; next = await members.next()) {
    const memberId = next.value;
    await runWithContext({ memberId }, async () => {
      try {
        addToRun(run, await enrollMember(memberId, deps));
      } catch (error) {
        run.members += 1;
        run.failed += 1;
        deps.logger.error('The enrollment of one member went wrong.', { memberId, error });
      }
    });
  }
}
