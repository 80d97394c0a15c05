import { setImmediate as breathe } from 'node:timers/promises';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';

/** How many uploads are processed before others get their turn. */
const BATCH_SIZE = 100;

/**
 * Runs `work` for each upload in turn and continues after failures. Throws the failure of a single upload as it is; for
 * several, one error with the number of failures and the reason of the first.
 */
export async function runForEach(
  ids: readonly string[],
  work: (id: string) => Promise<void> | void,
): Promise<void> {
  const failures: unknown[] = [];
  for (const id of ids) {
    try {
      await work(id);
    } catch (error) {
      failures.push(error);
    }
  }
  const [first] = failures;
  if (failures.length === 0) return;
  if (ids.length === 1 || !(first instanceof ReelmillError)) throw first;
  throw new ReelmillError(first.code, `${failures.length} of ${ids.length}: ${first.message}`, {
    cause: new AggregateError(failures),
  });
}

/**
 * Runs `work` for batches of uploads and yields to the event loop in between, so that thousands of them do not block the
 * window. Throws the first failure after all batches.
 */
export async function runInBatches(
  ids: readonly string[],
  work: (batch: readonly string[]) => Promise<unknown> | unknown,
): Promise<void> {
  const failures: unknown[] = [];
  for (let start = 0; start < ids.length; start += BATCH_SIZE) {
    try {
      await work(ids.slice(start, start + BATCH_SIZE));
    } catch (error) {
      failures.push(error);
    }
    await breathe();
  }
  if (failures.length > 0) throw failures[0];
}
