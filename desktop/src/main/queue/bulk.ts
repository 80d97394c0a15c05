import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';

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
