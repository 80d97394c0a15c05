import DataLoader from 'dataloader';

const MAX_TOGETHER = 200;

/**
 * Makes one read of all that are asked for in the same turn of the event loop: however many clients poll at once, the
 * database sees a few queries. A read begins after it was asked for, so nobody learns of an older state than there was.
 * `idOf` returns the id that the result of what is asked for has.
 */
export function batchReads<Q, V>(
  readAll: (asked: readonly Q[]) => Promise<ReadonlyMap<number, V>>,
  idOf: (asked: Q) => number,
): (asked: Q) => Promise<V | undefined> {
  const loader = new DataLoader<Q, V | undefined, number>(
    async (asked) => {
      const found = await readAll(asked);
      return asked.map((one) => found.get(idOf(one)));
    },
    {
      cacheKeyFn: idOf,
      maxBatchSize: MAX_TOGETHER,
      batchScheduleFn: (begin) =>
        setImmediate(() => {
          // what is under way serves nobody who asks from now on
          loader.clearAll();
          begin();
        }),
    },
  );
  return (asked) => loader.load(asked);
}
