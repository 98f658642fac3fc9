import phoneIcon from 'bootstrap-icons/icons/whatsapp.svg?raw';
import { date, dateTime } from '../shared/format.ts';
import { Icon } from '../shared/icon.tsx';
import { useTools } from '../shared/section.tsx';
import { Failure, useAction } from '../shared/states.tsx';
import type { Status } from '../shared/shapes.ts';
import { useTexts } from '../members/member-texts.ts';

/** The member's line: number, health, use of the day, next send, and the two pauses. */
export function ChannelCard({
  status,
  changed,
  nextAt,
}: {
  status: Status;
  changed: (status: Status) => void;
  nextAt: string | null;
}) {
  const t = useTexts();
  const { language } = useTools();
  const { health } = status;
  const used = { sent: status.messagesSentToday, most: status.maxMessagesPerDay };
  return (
    <article>
      <p class="card-line">
        <strong>
          <Icon svg={phoneIcon} /> <bdi>{status.phoneNumber === null ? '' : `+${status.phoneNumber}`}</bdi>
        </strong>
        <span class="muted">{t('since', { date: date(status.lastQrScanDate, language) })}</span>
      </p>
      <p class={health.band === 'healthy' ? 'good' : 'bad-text'}>
        {t('health', { score: health.score })} · {t(`band_${health.band}`)}
      </p>
      {health.reasons.length > 0 && (
        <ul>
          {health.reasons.map(({ sentence }) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
      <label>
        {t('today', used)}
        <progress max={used.most} value={used.sent} />
      </label>
      <p>{nextAt === null ? t('nothingPlanned') : t('nextSend', { at: dateTime(nextAt, language) })}</p>
      <Pauses status={status} changed={changed} />
    </article>
  );
}

function Pauses({ status, changed }: { status: Status; changed: (status: Status) => void }) {
  const t = useTexts();
  const { api } = useTools();
  const action = useAction();
  const toggle = (field: 'enrollmentPaused' | 'sendingPaused') => (
    <label>
      <input
        type="checkbox"
        role="switch"
        checked={status[field]}
        disabled={action.busy}
        onChange={event => {
          const paused = event.currentTarget.checked;
          changed({ ...status, [field]: paused });
          void action
            .run(async () => changed(await api.put<Status>('/pause', { [field]: paused })))
            .then(done => !done && changed(status));
        }}
      />
      {t(field)}
    </label>
  );
  return (
    <fieldset>
      <legend class="unseen">{t('pauses')}</legend>
      {toggle('enrollmentPaused')}
      {toggle('sendingPaused')}
      {action.error !== null && <Failure error={action.error} />}
    </fieldset>
  );
}
