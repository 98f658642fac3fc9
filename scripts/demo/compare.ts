import { campaignAnswer, logsAnswer, platformAnswer } from './answers.ts';
import type { LogLine } from './answers.ts';
import { DAYS, EMPTY_DAY, PEOPLE, UNREGISTERED } from './cast.ts';
import type { Doors } from './doors.ts';
import type { Exits, Tally } from './tally.ts';

/** The same figure by the network's log and by one of the service's own answers. */
export interface Figure {
  what: string;
  network: number;
  service: number;
}

/** Everything the service says about what it did, beside what really happened. */
export async function compare(tally: Tally, doors: Doors): Promise<Figure[]> {
  const { data: campaign } = await doors.member(campaignAnswer, 'GET', '/campaigns/default/stats');
  const { data: platform } = await doors.admin(platformAnswer, 'GET', '/stats');
  const logs = await readLogs(doors);
  const inLogs = (wanted: (line: LogLine) => boolean): number => logs.filter(wanted).length;
  const figure = (what: string, network: number, service: number): Figure => ({ what, network, service });
  const people = PEOPLE.length;
  return [
    figure('people enrolled (campaign)', people, campaign.totalEnrolled),
    figure('still running (campaign)', people - countOf(tally.exits), campaign.activeTargets),
    figure('messages sent (campaign)', tally.sent, campaign.totalMessagesSent),
    figure('messages delivered (campaign)', tally.delivered, campaign.totalMessagesDelivered),
    ...exitFigures('campaign', tally.exits, campaign.exitReasons),
    figure('people who ended (platform)', countOf(tally.exits), platform.totalCompletedTargets),
    figure('still running (platform)', people - countOf(tally.exits), platform.totalActiveTargets),
    figure('messages sent (platform)', tally.sent, platform.totalMessagesSent),
    figure('messages delivered (platform)', tally.delivered, platform.totalMessagesDelivered),
    ...exitFigures('platform', tally.exits, platform.exitReasons),
    ...DAYS.map(day =>
      figure(
        `day ${day} sent (logs)`,
        tally.sentPerDay[day - 1]?.sent ?? 0,
        inLogs(line => line.dayNumber === day && line.outcome === 'sent'),
      ),
    ),
    figure(
      `day ${EMPTY_DAY} left out (logs)`,
      tally.skipped,
      inLogs(line => line.dayNumber === EMPTY_DAY && line.outcome === 'skipped'),
    ),
    figure(
      'left out or unknown besides (logs)',
      0,
      inLogs(
        line =>
          line.outcome !== 'sent' && line.dayNumber !== EMPTY_DAY && line.referralUserId !== UNREGISTERED.id,
      ),
    ),
  ];
}

export const agrees = ({ network, service }: Figure): boolean => network === service;

/** A reason that the network does not know of must not occur at all. */
function exitFigures(where: string, exits: Exits, said: Record<string, number>): Figure[] {
  const seen: Record<string, number> = exits;
  return [...new Set([...Object.keys(seen), ...Object.keys(said)])].map(reason => ({
    what: `exit ${reason} (${where})`,
    network: seen[reason] ?? 0,
    service: said[reason] ?? 0,
  }));
}

const countOf = (exits: Exits): number => Object.values(exits).reduce((sum, one) => sum + one, 0);

async function readLogs(doors: Doors): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for (let page = 1, pages = 1; page <= pages; page++) {
    const { data } = await doors.admin(logsAnswer, 'GET', `/logs?limit=100&page=${page}`);
    lines.push(...data.logs);
    pages = data.totalPages;
  }
  return lines;
}
