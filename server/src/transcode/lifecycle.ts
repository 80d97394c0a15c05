import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { VideoRow } from '../db/rows.ts';
import { transitionVideo } from '../db/transitions.ts';
import { recordVideoEvent } from '../events/videoEvents.ts';
import type { StateBefore } from '../state/transitionTable.ts';
import type { VIDEO_TRANSITIONS } from '../state/videoState.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { cancelOpenTasks, type Revocation } from './cancelTasks.ts';
import { cleanUpSoon } from './cleanUp.ts';
import { openInspection, type VideoChange } from './tasks.ts';

export interface VideoFailure {
  code: ErrorCode;
  /** A sentence for the creator. */
  message: string;
  /** For admins only. */
  diagnostics?: string | null;
}

/**
 * Begins the transcode of a video whose source is in the store: `transcoding`, queued, with its `inspect` task.
 * Returns false, and changes nothing, where the video is past that already. The row is brought up to date.
 */
export async function startTranscode(change: VideoChange & { requestId: string | null }): Promise<boolean> {
  return beginPlan(change, ['uploading']);
}

/**
 * Transcodes a failed or canceled video anew, as the next version of its plan. Throws `state_conflict` in any other
 * state, and where the upload itself was aborted; `source_gone` where the source is not kept any more.
 */
export async function retryTranscode(change: VideoChange & { requestId: string | null }): Promise<void> {
  const { video } = change;
  if (video.transcodeStartedAt === null) {
    throw new ReelmillError(
      'state_conflict',
      'The upload of this video was never finished; upload it again.',
    );
  }
  if (video.sourceRemovedAt !== null) throw sourceGone();
  if (!(await beginPlan(change, ['failed', 'canceled']))) {
    throw new ReelmillError(
      'state_conflict',
      `Only a failed or canceled video can be retried; this one is ${video.status}.`,
    );
  }
}

/** Begins a transcode that is under way anew, as the next version of its plan. Returns false where it is over. */
export async function restartTranscode(change: VideoChange & { requestId: string | null }): Promise<boolean> {
  await cancelOpenTasks(change.models, change.video.id, change.transaction);
  return beginPlan(change, ['transcoding']);
}

/** The error of everything that needs the source. */
export function sourceGone(): ReelmillError {
  return new ReelmillError(
    'source_gone',
    'The file of this video is not kept any more, so it cannot be transcoded again; upload it again.',
  );
}

/**
 * Ends a transcode because its owner asked for it, with every task that is not finished. Throws `state_conflict` where the video
 * is not transcoding. Once committed, the caller broadcasts `cancel_video` so that running workers stop.
 */
export async function cancelTranscode(change: VideoChange): Promise<void> {
  const canceled = await endTranscode(change, 'canceled', {});
  if (canceled === null) {
    throw new ReelmillError(
      'state_conflict',
      `Only a video that is transcoding can be canceled; this one is ${change.video.status}.`,
    );
  }
}

/**
 * Ends a transcode with a reason, with every task that is not finished. Returns the leases of the tasks that were in work;
 * null where it is not transcoding.
 */
export async function failTranscode(
  change: VideoChange & { failure: VideoFailure; metrics: Pick<Metrics, 'videoFailed'> },
): Promise<Revocation[] | null> {
  const { failure, metrics, transaction } = change;
  const revoked = await endTranscode(change, 'failed', {
    errorCode: failure.code,
    errorMessage: failure.message,
    errorDiagnostics: failure.diagnostics ?? null,
  });
  if (revoked !== null) transaction.afterCommit(() => metrics.videoFailed(failure.code));
  return revoked;
}

/**
 * Puts the video of this plan online. Returns false, and changes nothing, where it is not to be published any more or
 * another server was faster.
 */
export async function completeTranscode(
  change: VideoChange & { planVersion: number; durationSeconds: number; onlineAt: Date },
): Promise<boolean> {
  const { planVersion, durationSeconds, onlineAt } = change;
  const online = { phase: null, progress: 100, playable: true, onlineAt, durationSeconds };
  return leaveTranscoding(change, 'online', online, { planVersion });
}

async function beginPlan(
  { models, transaction, video, requestId }: VideoChange & { requestId: string | null },
  from: readonly StateBefore<typeof VIDEO_TRANSITIONS, 'transcoding'>[],
): Promise<boolean> {
  if (video.sizeBytes === null)
    throw new Error(`video ${video.id} has no size, so its source was never verified`);
  const now = new Date();
  const planVersion = video.planVersion + 1;
  const changed = await transitionVideo(models, 'transcoding', {
    from,
    // the version keeps two retries, both of which saw the same row, from planning the same version
    where: { id: video.id, planVersion: video.planVersion, deletedAt: null, sourceRemovedAt: null },
    values: {
      phase: 'queued',
      progress: 0,
      playable: false,
      plan: null,
      planVersion,
      errorCode: null,
      errorMessage: null,
      errorDiagnostics: null,
      notices: null,
      transcodeStartedAt: now,
    },
    transaction,
  });
  await video.reload({ transaction });
  if (!changed) return false;
  await openInspection({ models, transaction, video, requestId });
  return true;
}

async function endTranscode(
  change: VideoChange,
  to: 'canceled' | 'failed',
  reason: Partial<Pick<VideoRow, 'errorCode' | 'errorMessage' | 'errorDiagnostics'>>,
): Promise<Revocation[] | null> {
  if (!(await leaveTranscoding(change, to, { phase: null, playable: false, ...reason }))) return null;
  return cancelOpenTasks(change.models, change.video.id, change.transaction);
}

/** The one way out of `transcoding`, which subscribers are notified of. The row is brought up to date. */
async function leaveTranscoding(
  { models, transaction, video }: VideoChange,
  to: 'canceled' | 'failed' | 'online',
  values: Partial<VideoRow>,
  only: { planVersion?: number } = {},
): Promise<boolean> {
  const changed = await transitionVideo(models, to, {
    from: ['transcoding'],
    where: { id: video.id, ...only },
    values: { ...values, ...cleanUpSoon() },
    transaction,
  });
  await video.reload({ transaction });
  if (!changed) return false;
  if (to !== 'canceled') await recordVideoEvent({ models, transaction, video }, `video.${to}`);
  return true;
}
