import type { Target } from '../shared/shapes.ts';
import { useTexts } from '../members/member-texts.ts';

const DAYS = [1, 2, 3, 4, 5, 6, 7];

/** Seven dots: sent, left out, the day it stands at, still to come. */
export function DayDots({ target }: { target: Target }) {
  const t = useTexts();
  const sent = target.messagesDelivered.filter(({ status }) => status === 'delivered').length;
  const kindOf = (day: number): string => {
    const row = target.messagesDelivered.find(delivered => delivered.day === day);
    if (row) return row.status === 'delivered' ? 'sent' : 'left-out';
    return target.status !== 'completed' && day === target.currentDay ? 'now' : '';
  };
  return (
    <svg
      class="dots"
      viewBox="0 0 140 20"
      role="img"
      aria-label={t('dots', { sent, day: target.currentDay })}
    >
      {DAYS.map(day => (
        <circle key={day} cx={day * 20 - 10} cy="10" r="7" class={kindOf(day)} />
      ))}
    </svg>
  );
}
