const MAX_TOGETHER = 200;

/**
 * Makes one read of all that are asked for in the same turn of the event loop: however many clients poll at once, the
 * database sees a few queries. A read begins after it was asked for, so nobody learns of an older state than there was.
 */
export function gatherReads<V>(
  readAll: (ids: readonly number[]) => Promise<ReadonlyMap<number, V>>,
): (id: number) => Promise<V | undefined> {
  let gathering: Map<number, PromiseWithResolvers<V | undefined>> | undefined;

  const begin = (): Map<number, PromiseWithResolvers<V | undefined>> => {
    const batch = new Map<number, PromiseWithResolvers<V | undefined>>();
    setImmediate(async () => {
      if (gathering === batch) gathering = undefined;
      try {
        const found = await readAll([...batch.keys()]);
        for (const [id, { resolve }] of batch) resolve(found.get(id));
      } catch (error) {
        for (const { reject } of batch.values()) reject(error);
      }
    });
    return batch;
  };

  return (id) => {
    if (gathering === undefined || gathering.size >= MAX_TOGETHER) gathering = begin();
    const asked = gathering.get(id) ?? Promise.withResolvers<V | undefined>();
    gathering.set(id, asked);
    return asked.promise;
  };
}
