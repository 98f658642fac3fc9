import stopIcon from 'bootstrap-icons/icons/octagon-fill.svg?raw';
import { useState } from 'preact/hooks';
import { Icon } from './icon.tsx';
import { useCommonTexts, useTools } from './section.tsx';
import { Failure, useAction, useKept, useLoad } from './states.tsx';

interface Sending {
  on: boolean;
  reason: string | null;
}

/** While it holds, its reason stands on every page; admins have the switch in sight. */
export function EmergencyStop({ forAdmins }: { forAdmins: boolean }) {
  const t = useCommonTexts();
  const { api } = useTools();
  const sending = useLoad(() => api.get<Sending>('/sending'), [api]);
  if (!sending.data) return null;
  return (
    <div class="stop">
      {!sending.data.on && (
        <p role="alert" class="note bad">
          <Icon svg={stopIcon} /> <strong>{t('sendingStopped')}</strong> {sending.data.reason}
        </p>
      )}
      {forAdmins && <StopSwitch sending={sending.data} changed={sending.set} />}
    </div>
  );
}

function StopSwitch({ sending, changed }: { sending: Sending; changed: (sending: Sending) => void }) {
  const t = useCommonTexts();
  const { api } = useTools();
  const action = useAction();
  const [reason, setReason] = useKept('stop-reason');
  const [asking, setAsking] = useState(false);
  const turn = (path: string, body: object) =>
    action.run(async () => {
      changed(await api.post<Sending>(path, body));
      setAsking(false);
      setReason('');
    });
  if (!sending.on) {
    return (
      <>
        <button type="button" disabled={action.busy} onClick={() => void turn('/admin/sending/resume', {})}>
          {t('resumeSending')}
        </button>
        {action.error !== null && <Failure error={action.error} />}
      </>
    );
  }
  if (!asking) {
    return (
      <button type="button" class="quiet danger" onClick={() => setAsking(true)}>
        <Icon svg={stopIcon} /> {t('stopSending')}
      </button>
    );
  }
  return (
    <form
      onSubmit={event => {
        event.preventDefault();
        void turn('/admin/sending/stop', { reason });
      }}
    >
      <label>
        {t('stopReason')}
        <input
          required
          maxLength={500}
          value={reason}
          onInput={event => setReason(event.currentTarget.value)}
        />
      </label>
      <div class="row">
        <button class="danger" disabled={action.busy}>
          {t('stopNow')}
        </button>
        <button type="button" class="quiet" onClick={() => setAsking(false)}>
          {t('cancel')}
        </button>
      </div>
      {action.error !== null && <Failure error={action.error} />}
    </form>
  );
}
