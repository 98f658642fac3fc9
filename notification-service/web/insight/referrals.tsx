import { useEffect, useState } from 'preact/hooks';
import { ConfirmButton } from '../shared/confirm-button.tsx';
import { dateTime } from '../shared/format.ts';
import { useTools } from '../shared/section.tsx';
import { Empty, Loaded, useLoad } from '../shared/states.tsx';
import type { Person, Target, TargetPage } from '../shared/shapes.ts';
import { exitText, useTexts, whyText } from '../members/member-texts.ts';
import { DayDots } from './day-dots.tsx';
import { TimelineOf } from './timeline.tsx';

const FILTERS = ['all', 'active', 'paused', 'completed'] as const;
const PAGE_SIZE = 20;

/** Everybody this member follows up. `changedAt` changes when something happened to one of them. */
export function Referrals({ changedAt }: { changedAt: unknown }) {
  const t = useTexts();
  const { api } = useTools();
  const [filter, setFilter] = useState<(typeof FILTERS)[number]>('all');
  const [page, setPage] = useState(1);
  const load = useLoad(
    () => api.get<TargetPage>(`/campaigns/default/targets?page=${page}&limit=${PAGE_SIZE}&status=${filter}`),
    [api, page, filter],
  );
  useEffect(() => void load.reload(), [changedAt]);
  return (
    <>
      <label class="filter">
        {t('show')}
        <select
          value={filter}
          onChange={event => {
            setFilter(event.currentTarget.value as typeof filter);
            setPage(1);
          }}
        >
          {FILTERS.map(name => (
            <option key={name} value={name}>
              {t(`filter_${name}`)}
            </option>
          ))}
        </select>
      </label>
      <Loaded load={load} lines={5}>
        {found =>
          found.targets.length === 0 ? (
            <Empty>{t('nobodyYet')}</Empty>
          ) : (
            <>
              <ul class="people">
                {found.targets.map(target => (
                  <Referral key={target._id} target={target} stopped={load.reload} />
                ))}
              </ul>
              {found.totalPages > 1 && <Pages {...found} go={setPage} />}
            </>
          )
        }
      </Loaded>
    </>
  );
}

function Pages({ page, totalPages, go }: { page: number; totalPages: number; go: (page: number) => void }) {
  const t = useTexts();
  return (
    <div class="row">
      <button type="button" class="quiet" disabled={page <= 1} onClick={() => go(page - 1)}>
        {t('before')}
      </button>
      <span>{t('pageOf', { page, totalPages })}</span>
      <button type="button" class="quiet" disabled={page >= totalPages} onClick={() => go(page + 1)}>
        {t('next')}
      </button>
    </div>
  );
}

function Referral({ target, stopped }: { target: Target; stopped: () => Promise<void> }) {
  const t = useTexts();
  const { api } = useTools();
  const [open, setOpen] = useState(false);
  const person = target.referralUserId as Person;
  const stop = async () => {
    await api.post(`/targets/${target._id}/stop`);
    await stopped();
  };
  return (
    <li>
      <div class="row between">
        <strong dir="auto">{person.name || person.phoneNumber}</strong>
        <DayDots target={target} />
      </div>
      <State target={target} />
      <details onToggle={event => setOpen(event.currentTarget.open)}>
        <summary>{t('story')}</summary>
        {open && <TimelineOf path={`/targets/${target._id}/timeline`} />}
        {target.status !== 'completed' && (
          <ConfirmButton question={t('stopQuestion', { name: person.name })} act={stop}>
            {t('stopFollowing')}
          </ConfirmButton>
        )}
      </details>
    </li>
  );
}

/** How it ended, or why the next message has not gone out and when it is tried. */
function State({ target }: { target: Target }) {
  const t = useTexts();
  const { language } = useTools();
  if (target.status === 'completed') return <p class="muted">{exitText(target.exitReason, t)}</p>;
  const at = target.nextAt ?? target.nextMessageDue;
  return (
    <p class="muted">
      {whyText(target.whyCode, t)} {at !== null && t('nextTry', { at: dateTime(at, language) })}
    </p>
  );
}
