import type { RetentionResult } from '@reelmill/shared/contracts/retention.ts';
import { NOTHING_REMOVED } from '@reelmill/shared/core/retentionResult.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Finding, RetentionContext, RetentionJob } from './job.ts';
import type { JobLease } from './ledger.ts';
import { addFinding } from './result.ts';

/** Then it may be the store or the database that fails, and not one thing after the other: that is looked at. */
const FAILURES_IN_A_ROW = 3;

/** What cannot be removed keeps nothing else from it. Throws where that is because store or database are away. */
export async function removeFindings(
  context: RetentionContext,
  job: RetentionJob,
  findings: readonly Finding[],
  { lease, signal }: { lease: JobLease; signal: AbortSignal },
): Promise<RetentionResult> {
  let result = NOTHING_REMOVED;
  let failuresInARow = 0;
  for (const finding of findings) {
    await keepLease(lease, signal);
    try {
      await finding.remove();
      if (finding.key !== null) lease.count(1);
      result = addFinding(result, finding);
      failuresInARow = 0;
    } catch (error) {
      // one says why; how many there are is counted
      if (result.failed === 0) {
        const fields = { err: error, video_id: finding.videoId, job: job.name };
        context.logger.warn(fields, 'not removed for now');
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

/** Throws `aborted` where the lease was lost, or the server stops. */
export async function keepLease(lease: JobLease, signal: AbortSignal): Promise<void> {
  if (signal.aborted || !(await lease.renew())) {
    throw new ReelmillError('aborted', 'The run was given up half way; the next one goes on.');
  }
}
