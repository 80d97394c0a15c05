import type { RetentionJobName } from '@reelmill/shared/contracts/retention.ts';
import { deletedVideos } from './deletedVideos.ts';
import type { RetentionJob } from './job.ts';
import { lateUploads } from './lateUploads.ts';
import { leftovers } from './leftovers.ts';
import { oldSources } from './oldSources.ts';
import { orphans } from './orphans.ts';
import { staleUploads } from './staleUploads.ts';
import { strayUploads } from './strayUploads.ts';

/** Everything that is tidied up, by its name. */
export const RETENTION_JOBS: Readonly<Record<RetentionJobName, RetentionJob>> = {
  stale_uploads: staleUploads,
  late_uploads: lateUploads,
  deleted_videos: deletedVideos,
  old_sources: oldSources,
  leftovers,
  stray_uploads: strayUploads,
  orphans,
};
