import { setImmediate as breathe } from 'node:timers/promises';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';

/** Uploads that are dealt with in one go. */
const PORTION = 100;

/**
 * Does the same for many uploads, one after the other, whatever becomes of each. Throws the failure of a single one as
 * it is; of several, one error that tells how many failed and why the first did.
 */
export async function doForAll(
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
 * Does something for many uploads, some at a time, and lets others have their turn in between: the window must not
 * wait for thousands of them. Throws the first failure when all have been tried.
 */
export async function doInPortions(
  ids: readonly string[],
  work: (portion: readonly string[]) => Promise<unknown> | unknown,
): Promise<void> {
  const failures: unknown[] = [];
  for (let start = 0; start < ids.length; start += PORTION) {
    try {
      await work(ids.slice(start, start + PORTION));
    } catch (error) {
      failures.push(error);
    }
    await breathe();
  }
  if (failures.length > 0) throw failures[0];
}
