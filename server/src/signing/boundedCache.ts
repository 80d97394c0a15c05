import { LRUCache } from 'lru-cache';

/** Returns a least-recently-used cache with up to `maxWeight` in all; `weigh` returns the weight of one value. */
export function createBoundedCache<V extends {}>(
  maxWeight: number,
  weigh: (value: V, key: string) => number,
): LRUCache<string, V> {
  // an empty value has a weight too: the cache rejects others
  const sizeCalculation = (value: V, key: string): number => Math.max(1, weigh(value, key));
  return new LRUCache({ maxSize: maxWeight, sizeCalculation });
}
