import type { VideoStatus } from '@reelmill/shared/contracts/videos.ts';
import type { TransitionTable } from './transitionTable.ts';

/**
 * What may become of a video:
 *
 *   uploading ──▶ transcoding ──▶ online
 *       │           │   ▲  └────▶ failed ──┐
 *       └──▶ canceled ◀─┘  └───────────────┘ retry (from failed and canceled)
 */
export const VIDEO_TRANSITIONS = {
  uploading: ['transcoding', 'canceled'],
  // to itself: a database that was restored begins the transcode anew
  transcoding: ['online', 'failed', 'canceled', 'transcoding'],
  online: [],
  failed: ['transcoding'],
  canceled: ['transcoding'],
} as const satisfies TransitionTable & Record<VideoStatus, readonly VideoStatus[]>;
