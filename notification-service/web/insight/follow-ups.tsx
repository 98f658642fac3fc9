import { useEffect } from 'preact/hooks';
import { ChannelCard } from '../channels/channel-card.tsx';
import { Exclusions } from '../members/exclusions.tsx';
import { useTools } from '../shared/section.tsx';
import { Loaded, useLoad } from '../shared/states.tsx';
import type { Status, TargetPage } from '../shared/shapes.ts';
import './follow-ups.css';
import { DayFunnel } from './day-funnel.tsx';
import { Referrals } from './referrals.tsx';
import { start, useTexts } from '../members/member-texts.ts';

interface Stats {
  totalEnrolled: number;
  totalMessagesSent: number;
  dayProgression: { day: number; count: number }[];
  exitReasons: Record<string, number>;
}

/** News in quick succession are one reason to look. */
const SETTLE_MS = 300;

function FollowUps() {
  const t = useTexts();
  const { api, live } = useTools();
  const status = useLoad(() => api.get<Status>('/status'), [api]);
  const stats = useLoad(() => api.get<Stats>('/campaigns/default/stats'), [api]);
  const next = useLoad(
    () => api.get<TargetPage>('/campaigns/default/targets?limit=100&status=active'),
    [api],
  );
  const isConnected = status.data?.whatsappStatus === 'connected';
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = live.listen(({ type }) => {
      if (type === 'qr') return;
      clearTimeout(timer);
      timer = setTimeout(() => void Promise.all([status.reload(), stats.reload(), next.reload()]), SETTLE_MS);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [live]);
  useEffect(() => {
    if (status.data && !isConnected) location.replace('/connect');
  }, [status.data, isConnected]);
  if (status.data && !isConnected) return <p aria-busy="true">{t('loading')}</p>;
  return (
    <>
      <Loaded load={status} lines={4}>
        {shown => <ChannelCard status={shown} changed={status.set} nextAt={soonest(next.data)} />}
      </Loaded>
      <h2>{t('funnel')}</h2>
      <Loaded load={stats} lines={3}>
        {shown => <DayFunnel {...shown} />}
      </Loaded>
      <h2>{t('people')}</h2>
      <Referrals changedAt={next.data} />
      <h2>{t('exclusions')}</h2>
      <Exclusions />
    </>
  );
}

function soonest(page: TargetPage | null): string | null {
  const times = (page?.targets ?? []).flatMap(({ nextMessageDue }) => nextMessageDue ?? []);
  return times.sort()[0] ?? null;
}

start(FollowUps, { title: 'followUpsTitle' });
