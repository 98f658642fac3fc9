/** Which incoming events were handed over, and when the network may forget them. */
export interface Confirmations {
  /** False when this event was handed over before in this session. */
  isNew(n: number): boolean;
  stop(): void;
}

export function createConfirmations(afterMs: number, confirm: (upTo: number) => void): Confirmations {
  let handed = 0;
  let timer: NodeJS.Timeout | null = null;

  const plan = (): void => {
    const upTo = handed;
    timer = setTimeout(() => {
      timer = null;
      confirm(upTo);
      if (handed > upTo) plan();
    }, afterMs);
    timer.unref();
  };

  return {
    isNew(n) {
      const isNew = n > handed;
      if (isNew) handed = n;
      // One that comes again was never confirmed.
      if (!timer) plan();
      return isNew;
    },
    stop() {
      if (timer) clearTimeout(timer);
    },
  };
}
