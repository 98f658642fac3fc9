/** Lets so many at once through and keeps the others waiting in order. The answer of a turn gives it back, once. */
export function createStartTurns(atOnce: number): () => Promise<() => void> {
  const waiting: (() => void)[] = [];
  let free = atOnce;

  const giveBack = (): void => {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  };
  return async () => {
    if (free > 0) free -= 1;
    else await new Promise<void>(resolve => waiting.push(resolve));
    let isBack = false;
    return () => {
      if (!isBack) giveBack();
      isBack = true;
    };
  };
}
