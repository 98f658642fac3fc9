import { number } from '../shared/format.ts';
import { useTools } from '../shared/section.tsx';
import { Empty } from '../shared/states.tsx';
import { useTexts } from '../members/member-texts.ts';

/** Where everybody stands in the seven days, and what became of the others: a picture with its figures. */
export function DayFunnel({
  totalEnrolled,
  totalMessagesSent,
  dayProgression,
  exitReasons,
}: {
  totalEnrolled: number;
  totalMessagesSent: number;
  dayProgression: { day: number; count: number }[];
  exitReasons: Record<string, number>;
}) {
  const t = useTexts();
  const { language } = useTools();
  if (totalEnrolled === 0) return <Empty>{t('nobodyYet')}</Empty>;
  const most = Math.max(1, ...dayProgression.map(({ count }) => count));
  const figures = [
    [t('enrolled'), totalEnrolled],
    [t('messagesSent'), totalMessagesSent],
    [t('exit_paid'), exitReasons['paid'] ?? 0],
    [t('exit_replied'), exitReasons['replied'] ?? 0],
  ] as const;
  return (
    <>
      <div class="tiles">
        {figures.map(([name, value]) => (
          <div key={name}>
            <div class="number">{number(value, language)}</div>
            <div class="muted">{name}</div>
          </div>
        ))}
      </div>
      <ol class="bars" aria-label={t('funnel')}>
        {dayProgression.map(({ day, count }) => (
          <li key={day}>
            <span class="unseen">{t('dayCount', { day, count })}</span>
            <span aria-hidden="true">{count}</span>
            <svg aria-hidden="true" viewBox="0 0 10 100" preserveAspectRatio="none">
              <rect x="0" width="10" y={100 - (95 * count) / most} height={(95 * count) / most} />
            </svg>
            <span aria-hidden="true">{day}</span>
          </li>
        ))}
      </ol>
    </>
  );
}
