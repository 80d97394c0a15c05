import type { WebhookVideo } from '@reelmill/shared/contracts/webhooks.ts';
import type { VideoRow } from '../db/rows.ts';
import { serializeNotices } from './notices.ts';

/** Returns the fields of a video from its row, without signed URLs and estimates, which change with each response. */
export function videoFacts(row: VideoRow): WebhookVideo {
  return {
    id: row.id,
    user_id: row.userId,
    title: row.title,
    description: row.description,
    visibility: row.visibility,
    status: row.status,
    phase: row.phase,
    progress: row.progress,
    playable: row.playable,
    file_name: row.fileName,
    size_bytes: row.sizeBytes === null ? null : Number(row.sizeBytes),
    duration: row.durationSeconds,
    width: row.width,
    height: row.height,
    frame_rate: row.frameRate,
    error: row.errorCode === null ? null : { code: row.errorCode, message: row.errorMessage ?? '' },
    notices: serializeNotices(row),
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
    online_at: row.onlineAt === null ? null : row.onlineAt.toISOString(),
  };
}
