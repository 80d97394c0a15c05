import { objectKeys } from '@reelmill/shared/core/objectKeys.ts';
import type { Models } from '../../server/src/db/models.ts';

const BATCH = 1_000;
const HEIGHTS = [1080, 720, 480, 360];

/** Videos of one user, whose ids follow each other. */
export interface Shelf {
  userId: number;
  firstId: number;
  lastId: number;
}

/** Writes videos that are online, each with four renditions, into an empty database. */
export async function makeVideos(models: Models, count: number): Promise<Shelf> {
  const user = await models.User.create({
    email: 'somebody@example.org',
    nickname: 'somebody',
    passwordHash: 'none',
    role: 'creator',
    disabledAt: null,
  });
  const ids = Array.from({ length: count }, (_, index) => index + 1);
  for (let start = 0; start < count; start += BATCH) {
    const batch = ids.slice(start, start + BATCH);
    await models.Video.bulkCreate(batch.map((id) => onlineVideo(id, user.id)));
    await models.VideoSource.bulkCreate(
      batch.flatMap((id) => HEIGHTS.map((height) => rendition(id, height))),
    );
  }
  return { userId: user.id, firstId: 1, lastId: count };
}

function onlineVideo(id: number, userId: number) {
  return {
    id,
    userId,
    title: `Film ${id}`,
    description: 'A few words about what is to be seen in it, as creators write them.',
    visibility: 'private',
    status: 'online',
    phase: null,
    progress: 100,
    playable: true,
    fileName: `film-${id}.mp4`,
    contentType: 'video/mp4',
    sizeBytes: 734_003_200 + id,
    sourceKey: `raw/${id}/film-${id}.mp4`,
    durationSeconds: 245.32,
    width: 1920,
    height: 1080,
    frameRate: 25,
    coverKey: objectKeys.cover(id),
    storyboardKey: objectKeys.storyboard(id),
    plan: null,
    planVersion: 1,
    errorCode: null,
    errorMessage: null,
    errorDiagnostics: null,
    transcodeStartedAt: new Date('2026-11-20T09:30:00Z'),
    onlineAt: new Date('2026-11-20T09:40:00Z'),
    deletedAt: null,
    purgeAfter: null,
  } as const;
}

function rendition(videoId: number, height: number) {
  const quality = `${height}p`;
  return {
    videoId,
    quality,
    format: 'HLS' as const,
    key: objectKeys.playlist(videoId, quality),
    width: Math.round((height * 16) / 9 / 2) * 2,
    height,
    frameRate: 25,
    bandwidth: height * 4_000,
    averageBandwidth: height * 3_000,
    codecs: 'avc1.640028,mp4a.40.2',
  };
}
