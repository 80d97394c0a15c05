import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import {
  type FailureStage,
  type UploadFailure,
  uploadFailureSchema,
  type VideoProgress,
} from '../../contracts/desktop.ts';

export function serializeFailure(error: unknown, stage: FailureStage): UploadFailure {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ReelmillError)) return { stage, code: 'internal', message, duplicateOf: null };
  const duplicateOf =
    error.code === 'duplicate' ? uploadFailureSchema.shape.duplicateOf.parse(error.details) : null;
  return { stage, code: error.code, message, duplicateOf };
}

export function serializeProgress(video: Video): VideoProgress {
  return {
    status: video.status,
    phase: video.phase,
    progress: video.progress,
    etaSeconds: video.eta_seconds,
    playable: video.playable,
    watchUrl: video.watch_url,
    waitingFor: video.waiting?.reason_code ?? null,
  };
}

/** Whether two versions are equal for people. The watch URL is not compared: its signature differs each time. */
export function isSameProgress(one: VideoProgress | null, other: VideoProgress): boolean {
  return (
    one !== null &&
    one.status === other.status &&
    one.phase === other.phase &&
    one.progress === other.progress &&
    one.etaSeconds === other.etaSeconds &&
    one.playable === other.playable &&
    one.waitingFor === other.waitingFor
  );
}
