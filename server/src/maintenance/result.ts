import type { RetentionResult } from '@reelmill/shared/contracts/retention.ts';
import { addRetentionResults, NOTHING_REMOVED } from '@reelmill/shared/core/retentionResult.ts';
import type { Finding } from './job.ts';

/** What follows when one more thing was found, and removed unless it is a dry run. */
export function addFinding(result: RetentionResult, finding: Finding): RetentionResult {
  if (finding.key === null) return result;
  const { videoId, key, objects, sizeBytes, since, reason } = finding;
  const example = { video_id: videoId, key, objects, bytes: sizeBytes, since: since.toISOString(), reason };
  return addRetentionResults(result, {
    ...NOTHING_REMOVED,
    items: 1,
    objects,
    bytes: sizeBytes,
    examples: [example],
  });
}
