import type { UploadSnapshot } from '../contracts/desktop.ts';
import type { UploadEvent } from '../engine/record/events.ts';

/** An event as `--json` prints it: the names of the API, sizes in bytes, times in seconds. */
export function toJsonEvent(event: UploadEvent): Record<string, unknown> {
  switch (event.type) {
    case 'moved':
      return { event: 'moved', order: event.order };
    case 'removed':
      return { event: 'removed', id: event.id };
    case 'state':
      return { event: 'state', from: event.from, ...toJsonUpload(event.upload) };
    case 'resumed':
      return {
        event: 'resumed',
        kept_parts: event.keptParts,
        part_count: event.partCount,
        ...toJsonUpload(event.upload),
      };
    case 'restarted':
      return { event: 'restarted', reason: event.reason, ...toJsonUpload(event.upload) };
    case 'retrying':
      return {
        event: 'retrying',
        call: event.call,
        attempt: event.attempt,
        wait_seconds: event.waitMs / 1000,
        code: event.code,
        message: event.message,
        ...toJsonUpload(event.upload),
      };
    case 'signedOut':
      return { event: 'signed_out', code: event.code, message: event.message };
    case 'added':
    case 'changed':
    case 'progress':
    case 'recovered':
    case 'video':
      return { event: event.type, ...toJsonUpload(event.upload) };
  }
}

function toJsonUpload(upload: UploadSnapshot): Record<string, unknown> {
  return {
    id: upload.id,
    file: upload.path,
    title: upload.title,
    state: upload.state,
    video_id: upload.videoId,
    size_bytes: upload.sizeBytes,
    acknowledged_bytes: upload.acknowledgedBytes,
    sent_bytes: upload.sentBytes,
    kept_bytes: upload.keptBytes,
    bytes_per_second: upload.bytesPerSecond === null ? null : Math.round(upload.bytesPerSecond),
    eta_seconds: upload.etaSeconds,
    restarts: upload.restarts,
    error: upload.failure && {
      stage: upload.failure.stage,
      code: upload.failure.code,
      message: upload.failure.message,
    },
    video: upload.video && {
      status: upload.video.status,
      phase: upload.video.phase,
      progress: upload.video.progress,
      eta_seconds: upload.video.etaSeconds,
      playable: upload.video.playable,
      watch_url: upload.video.watchUrl,
      waiting_for: upload.video.waitingFor,
    },
  };
}
