import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import { listUris } from '../../server/src/playback/playlistUris.ts';
import type { Creator } from './creator.ts';
import type { Random } from './random.ts';
import type { Upload } from './uploads.ts';

const FETCH_TIMEOUT_MS = 8_000;
const PLAY_ROUNDS = 6;
const PLAY_PAUSE_MS = 1_500;

/** Performs the action that the owner of an accepted upload wants for the video, until the server has responded. */
export async function performOwnerAction(
  creator: Creator,
  upload: Upload,
  { random, signal }: { random: Random; signal: AbortSignal },
): Promise<void> {
  const video = `/videos/${upload.videoId}`;
  const wait = (low: number, high: number): Promise<void> => pause(random.between(low, high) * 1000);
  switch (upload.action) {
    case 'keep':
      return;
    case 'rename': {
      await wait(0, 5);
      const title = `${upload.name} renamed`;
      const { status } = await creator.call('PATCH', video, { title });
      if (status === 200) upload.title = title;
      return;
    }
    case 'play':
      return play(creator, upload, signal);
    case 'cancel':
    case 'cancel and retry': {
      await wait(0, 6);
      const { status } = await creator.call('POST', `${video}/cancel`);
      upload.acknowledged = status === 200 ? 'canceled' : 'too late';
      if (upload.action === 'cancel' || status !== 200) return;
      await wait(0, 3);
      const retried = await creator.call('POST', `${video}/retry`);
      // 409: an earlier try of this very call was carried out
      if (retried.status === 202 || retried.status === 409) upload.acknowledged = 'retried';
      return;
    }
    case 'delete':
    case 'delete late': {
      await (upload.action === 'delete' ? wait(0, 6) : wait(15, 30));
      await creator.call('DELETE', video);
      upload.acknowledged = 'deleted';
      return;
    }
  }
}

/** Watches what there is while the video is transcoding, and remembers the bytes of every segment it got. */
async function play(creator: Creator, upload: Upload, signal: AbortSignal): Promise<void> {
  for (let round = 0; round < PLAY_ROUNDS; round += 1) {
    const reply = await creator.call('GET', `/videos/${upload.videoId}`);
    if (reply.status !== 200) return;
    const { video } = videoDetailSchema.parse(reply.body);
    if (video.playback_url !== null) await watch(video.playback_url, upload, signal).catch(() => undefined);
    if (video.status !== 'transcoding') return;
    await pause(PLAY_PAUSE_MS);
  }
}

async function watch(masterUrl: string, upload: Upload, signal: AbortSignal): Promise<void> {
  const master = await fetchBytes(masterUrl, signal);
  for (const playlistUrl of listUris(master.toString())) {
    const playlist = await fetchBytes(playlistUrl, signal);
    for (const uri of listUris(playlist.toString())) {
      const key = /processed\/[^?]+/.exec(new URL(uri).pathname)?.[0];
      if (key === undefined || upload.played.has(key)) continue;
      const bytes = await fetchBytes(uri, signal);
      upload.played.set(key, createHash('sha256').update(bytes).digest('hex'));
    }
  }
}

async function fetchBytes(url: string, signal: AbortSignal): Promise<Buffer> {
  const response = await fetch(url, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(FETCH_TIMEOUT_MS)]),
  });
  if (!response.ok) throw new Error(`it responded with ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}
