import type { RetentionResult } from '../contracts/retention.ts';

const EXAMPLES = 10;

export const NOTHING_REMOVED: RetentionResult = {
  items: 0,
  objects: 0,
  bytes: 0,
  failed: 0,
  examples: [],
  complete: true,
};

/** Returns the sum of two rounds of a job; whether it is complete is taken from the second. */
export function addRetentionResults(first: RetentionResult, second: RetentionResult): RetentionResult {
  return {
    items: first.items + second.items,
    objects: first.objects + second.objects,
    bytes: first.bytes + second.bytes,
    failed: first.failed + second.failed,
    examples: [...first.examples, ...second.examples].slice(0, EXAMPLES),
    complete: second.complete,
  };
}
