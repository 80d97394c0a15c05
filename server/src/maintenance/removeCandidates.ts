import type { RetentionResult } from '@reelmill/shared/contracts/retention.ts';
import { NOTHING_REMOVED } from '@reelmill/shared/core/retentionResult.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { addCandidate } from './candidates.ts';
import type { Candidate, RetentionContext, RetentionJob } from './job.ts';
import type { JobLock } from './jobLock.ts';

/** Then it may be the store or the database that fails, and not one thing after the other: that is looked at. */
const FAILURES_IN_A_ROW = 3;

/** Removes candidates; one that cannot be removed holds up no other. Throws where that is because store or database are away. */
export async function removeCandidates(
  context: RetentionContext,
  job: RetentionJob,
  candidates: readonly Candidate[],
  { lock, signal }: { lock: JobLock; signal: AbortSignal },
): Promise<RetentionResult> {
  let result = NOTHING_REMOVED;
  let failuresInARow = 0;
  for (const candidate of candidates) {
    await keepLock(lock, signal);
    try {
      await candidate.remove();
      if (candidate.key !== null) lock.count(1);
      result = addCandidate(result, candidate);
      failuresInARow = 0;
    } catch (error) {
      // one says why; how many there are is counted
      if (result.failed === 0) {
        const fields = { err: error, video_id: candidate.videoId, job: job.name };
        context.logger.warn(fields, 'candidate not removed, retried later');
      }
      failuresInARow += 1;
      result = { ...result, failed: result.failed + 1 };
      if (failuresInARow % FAILURES_IN_A_ROW === 0) {
        await Promise.all([context.store.check(), context.database.check()]);
      }
    }
  }
  return result;
}

/** Throws `aborted` where the lock was lost, or the server stops. */
export async function keepLock(lock: JobLock, signal: AbortSignal): Promise<void> {
  if (signal.aborted || !(await lock.renew())) {
    throw new ReelmillError('aborted', 'The run was interrupted; the next one continues it.');
  }
}
