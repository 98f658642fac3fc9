import { useState } from 'preact/hooks';
import { Failure } from '../shared/states.tsx';
import { HelpForm } from './help-form.tsx';
import type { Attempt, Phase } from './connecting.ts';
import { useCountdown } from './connecting.ts';
import { Pairing } from './pairing.tsx';
import { Steps } from './steps.tsx';
import { useTexts } from './texts/connect-texts.ts';

type Way = 'qr' | 'code';
const KEY = 'relance.connect.way';

/** A code is shown, or was asked for. */
export function Linking({
  attempt,
  phase,
  error,
  connect,
}: {
  attempt: Attempt | null;
  phase: Phase;
  error: unknown;
  connect: (phoneNumber?: string) => Promise<void>;
}) {
  const t = useTexts();
  const [way, setWay] = useState<Way>(() => (sessionStorage.getItem(KEY) === 'code' ? 'code' : 'qr'));
  const choose = (chosen: Way) => {
    sessionStorage.setItem(KEY, chosen);
    setWay(chosen);
  };
  const runs = phase === 'waiting' && attempt !== null;
  const leftMs = useCountdown(runs ? attempt.endsAtMs : null, () => void connect());
  const tab = (name: Way) => (
    <button
      type="button"
      role="tab"
      id={`tab-${name}`}
      aria-selected={way === name}
      aria-controls="way"
      class={way === name ? '' : 'quiet'}
      onClick={() => choose(name)}
    >
      {t(name)}
    </button>
  );
  return (
    <section>
      <p role="status" class="line">
        {statusLine(phase, attempt, t)}
      </p>
      <div role="tablist" class="tabs">
        {tab('qr')}
        {tab('code')}
      </div>
      <div id="way" role="tabpanel" aria-labelledby={`tab-${way}`}>
        {way === 'qr' ? (
          <Qr attempt={attempt} dimmed={phase !== 'waiting'} leftMs={runs ? leftMs : 0} />
        ) : (
          <Pairing code={attempt?.pairingCode ?? null} busy={phase === 'asking'} connect={connect} />
        )}
        {attempt && (
          <>
            <progress
              aria-label={t('secondsLeft', { seconds: Math.ceil(leftMs / 1000) })}
              max={attempt.totalMs}
              value={runs ? leftMs : 0}
            />
            <p class="muted centre">{t('attempt', { ...pick(attempt) })}</p>
          </>
        )}
        {phase === 'stopped' && (
          <div class="centre">
            <button type="button" onClick={() => void connect()}>
              {t('newCode')}
            </button>
          </div>
        )}
        {error !== null && <Failure error={error} />}
      </div>
      <Steps way={way} />
      <HelpForm />
    </section>
  );
}

const pick = ({ attempt, maxAttempts }: Attempt) => ({ attempt, maxAttempts });

function statusLine(phase: Phase, attempt: Attempt | null, t: ReturnType<typeof useTexts>): string {
  if (phase === 'scanned') return `${t('linking')} ${t('almostThere')}`;
  if (phase === 'stopped') return t('stopped');
  if (phase === 'asking' && attempt === null) return t('oneMoment');
  return attempt?.pairingCode == null ? t('waiting') : t('typeCode');
}

const RING = 2 * Math.PI * 26;

function Qr({ attempt, dimmed, leftMs }: { attempt: Attempt | null; dimmed: boolean; leftMs: number }) {
  const t = useTexts();
  const share = attempt ? leftMs / attempt.totalMs : 0;
  return (
    <div class="qr">
      {attempt ? (
        <img src={attempt.qr} alt={t('qrAlt')} width={320} height={320} class={dimmed ? 'dimmed' : ''} />
      ) : (
        <div class="no-qr" aria-busy="true" />
      )}
      <svg class="ring" viewBox="0 0 60 60" aria-hidden="true">
        <circle cx="30" cy="30" r="26" class="track" />
        <circle
          cx="30"
          cy="30"
          r="26"
          stroke-dasharray={`${share * RING} ${RING}`}
          transform="rotate(-90 30 30)"
        />
        <text x="30" y="37">
          {Math.ceil(leftMs / 1000)}
        </text>
      </svg>
    </div>
  );
}
