const MAX_TOGETHER = 200;

/**
 * Makes one read of all that are asked for in the same turn of the event loop: however many clients poll at once, the
 * database sees a few queries. A read begins after it was asked for, so nobody learns of an older state than there was.
 * `idOf` returns the id that the result of what is asked for has.
 */
export function gatherReads<Q, V>(
  readAll: (asked: readonly Q[]) => Promise<ReadonlyMap<number, V>>,
  idOf: (asked: Q) => number,
): (asked: Q) => Promise<V | undefined> {
  type Batch = Map<number, PromiseWithResolvers<V | undefined> & { asked: Q }>;
  let gathering: Batch | undefined;

  const begin = (): Batch => {
    const batch: Batch = new Map();
    setImmediate(async () => {
      if (gathering === batch) gathering = undefined;
      try {
        const found = await readAll([...batch.values()].map(({ asked }) => asked));
        for (const [id, { resolve }] of batch) resolve(found.get(id));
      } catch (error) {
        for (const { reject } of batch.values()) reject(error);
      }
    });
    return batch;
  };

  return (asked) => {
    if (gathering === undefined || gathering.size >= MAX_TOGETHER) gathering = begin();
    const id = idOf(asked);
    const waiting = gathering.get(id) ?? { ...Promise.withResolvers<V | undefined>(), asked };
    gathering.set(id, waiting);
    return waiting.promise;
  };
}
