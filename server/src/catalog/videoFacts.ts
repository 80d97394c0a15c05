import type { WebhookVideo } from '@reelmill/shared/contracts/webhooks.ts';
import type { VideoRow } from '../db/rows.ts';
import { describeNotices } from './notices.ts';

/** What a video's row says of it, without what is made for each answer: signed addresses and estimates. */
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
    notices: describeNotices(row),
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
    online_at: row.onlineAt === null ? null : row.onlineAt.toISOString(),
  };
}
