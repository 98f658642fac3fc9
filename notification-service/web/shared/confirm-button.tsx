import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { useCommonTexts } from './section.tsx';
import { Failure, useAction } from './states.tsx';

/** A button for what cannot be undone: it asks once more before it acts. */
export function ConfirmButton({
  question,
  act,
  children,
}: {
  question: string;
  act: () => Promise<void>;
  children: ComponentChildren;
}) {
  const t = useCommonTexts();
  const action = useAction();
  const [asking, setAsking] = useState(false);
  if (!asking) {
    return (
      <button type="button" class="quiet danger" onClick={() => setAsking(true)}>
        {children}
      </button>
    );
  }
  return (
    <div class="note bad" role="group">
      <p>{question}</p>
      <div class="row">
        <button
          type="button"
          class="danger"
          disabled={action.busy}
          aria-busy={action.busy}
          onClick={() => void action.run(act).then(done => done && setAsking(false))}
        >
          {t('yes')}
        </button>
        <button type="button" class="quiet" onClick={() => setAsking(false)}>
          {t('cancel')}
        </button>
      </div>
      {action.error !== null && <Failure error={action.error} />}
    </div>
  );
}
