import { ConfirmButton } from '../shared/confirm-button.tsx';
import { dateTime } from '../shared/format.ts';
import { useTools } from '../shared/section.tsx';
import { Empty, Loaded, useLoad } from '../shared/states.tsx';
import type { Status } from '../shared/shapes.ts';
import { eventText, reasonText, start, useTexts } from '../members/member-texts.ts';
import '../insight/follow-ups.css';

interface Entry {
  _id: string;
  event: string;
  reason: string | null;
  at: string;
}

/** What became of the line so far, and three ways to end it. */
function Connection() {
  const t = useTexts();
  const { api, language } = useTools();
  const status = useLoad(() => api.get<Status>('/status'), [api]);
  const history = useLoad(() => api.get<Entry[]>('/connection/history'), [api]);
  const end = (path: string, body: object) => async () => {
    await api.delete(path, body);
    await Promise.all([status.reload(), history.reload()]);
  };
  return (
    <>
      <Loaded load={status} lines={1}>
        {({ whatsappStatus, phoneNumber }) => (
          <p>
            {t(`status_${whatsappStatus}`)} <bdi>{phoneNumber === null ? '' : `+${phoneNumber}`}</bdi>{' '}
            {whatsappStatus !== 'connected' && <a href="/connect">{t('connectAgain')}</a>}
          </p>
        )}
      </Loaded>
      <h2>{t('history')}</h2>
      <Loaded load={history} lines={5}>
        {entries =>
          entries.length === 0 ? (
            <Empty>{t('noHistory')}</Empty>
          ) : (
            <ol class="timeline">
              {entries.map(({ _id, event, reason, at }) => (
                <li key={_id}>
                  <small class="muted">{dateTime(at, language)}</small>
                  <div>
                    {eventText(event, t)}{' '}
                    {reason !== null && <span class="muted">{reasonText(reason, t)}</span>}
                  </div>
                </li>
              ))}
            </ol>
          )
        }
      </Loaded>
      <h2>{t('ending')}</h2>
      <p>{t('disconnectMore')}</p>
      <ConfirmButton question={t('disconnectQuestion')} act={end('/disconnect', {})}>
        {t('disconnect')}
      </ConfirmButton>
      <p class="apart">{t('resetMore')}</p>
      <ConfirmButton question={t('resetQuestion')} act={end('/disconnect', { force: true })}>
        {t('reset')}
      </ConfirmButton>
      <p class="apart">{t('leaveMore')}</p>
      <ConfirmButton question={t('leaveQuestion')} act={end('/me', {})}>
        {t('leave')}
      </ConfirmButton>
    </>
  );
}

start(Connection, { title: 'connectionTitle' });
