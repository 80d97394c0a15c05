import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { initiateUploadResponseSchema, signPartsResponseSchema } from '@reelmill/shared/contracts/uploads.ts';
import { videoListSchema } from '@reelmill/shared/contracts/videos.ts';
import { logInAs, runReelmill } from '../support/cli.ts';
import type { Creator } from './creator.ts';
import type { Upload } from './uploads.ts';

const PUT_TIMEOUT_MS = 15_000;
const PUT_TRIES = 6;
const RETRY_MS = 500;
const ACCEPTED = 202;
const LOGIN_REFUSED = 3;

/** Sends the file by the API, as often as it takes, until it is accepted. Throws where the run's time is over. */
export async function sendByApi(creator: Creator, upload: Upload, signal: AbortSignal): Promise<void> {
  const bytes = new Uint8Array(await readFile(upload.file));
  for (;;) {
    signal.throwIfAborted();
    const videoId = await sendOnce(creator, upload, bytes, signal);
    if (videoId === null) continue;
    const { status } = await creator.call('POST', '/videos/upload/complete', { video_id: videoId });
    if (status === ACCEPTED) {
      upload.videoId = videoId;
      return;
    }
    await pause(RETRY_MS);
  }
}

/** Begins an upload and puts all its bytes. Returns null where that has to begin anew. */
async function sendOnce(
  creator: Creator,
  upload: Upload,
  bytes: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Promise<number | null> {
  const size = upload.way === 'single' ? {} : { size_bytes: bytes.length };
  const begun = await creator.call('POST', '/videos/upload/initiate', {
    file_name: upload.file.split('/').at(-1),
    title: upload.title,
    ...size,
  });
  if (begun.status !== 200) {
    await pause(RETRY_MS);
    return null;
  }
  const initiated = initiateUploadResponseSchema.parse(begun.body);
  if ('upload_url' in initiated) {
    const sent = await put(initiated.upload_url, bytes, signal);
    return sent ? initiated.video_id : null;
  }
  const { video_id: videoId, upload: plan } = initiated;
  for (let part = 1; part <= plan.part_count; part += 1) {
    const slice = bytes.subarray((part - 1) * plan.part_size, part * plan.part_size);
    let sent = await put(plan.urls.find((one) => one.part_number === part)?.url, slice, signal);
    if (!sent) sent = await put(await signAgain(creator, videoId, part), slice, signal);
    if (!sent) return null;
  }
  return videoId;
}

async function signAgain(creator: Creator, videoId: number, part: number): Promise<string | undefined> {
  const reply = await creator.call('POST', `/videos/${videoId}/upload/parts`, { part_numbers: [part] });
  return reply.status === 200 ? signPartsResponseSchema.parse(reply.body).urls[0]?.url : undefined;
}

async function put(
  url: string | undefined,
  bytes: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Promise<boolean> {
  if (url === undefined) return false;
  for (let attempt = 0; attempt < PUT_TRIES; attempt += 1) {
    signal.throwIfAborted();
    try {
      const response = await fetch(url, {
        method: 'PUT',
        body: bytes,
        signal: AbortSignal.any([signal, AbortSignal.timeout(PUT_TIMEOUT_MS)]),
      });
      await response.arrayBuffer();
      if (response.ok) return true;
    } catch {
      // tried again
    }
    await pause(RETRY_MS);
  }
  return false;
}

/** Sends the file by `reelmill upload`, as often as it takes. Throws where the run's time is over. */
export async function sendByCli(
  creator: Creator,
  upload: Upload,
  { configDir, apiUrl, signal }: { configDir: string; apiUrl: string; signal: AbortSignal },
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const result = await runReelmill(configDir, ['upload', upload.file, '--title', upload.title]);
    upload.videoId = await findAccepted(creator, upload);
    if (upload.videoId !== null) return;
    if (result.code === LOGIN_REFUSED) await logInAs(configDir, apiUrl, creator.name).catch(() => undefined);
    await pause(RETRY_MS);
  }
}

/** The video that came of an upload, once its bytes are accepted. */
async function findAccepted(creator: Creator, upload: Upload): Promise<number | null> {
  const reply = await creator.call('GET', `/videos?limit=50&search=${upload.title}`);
  if (reply.status !== 200) return null;
  const { videos } = videoListSchema.parse(reply.body);
  const found = videos.find(({ title, status }) => title === upload.title && status !== 'uploading');
  return found === undefined || found.status === 'canceled' ? null : found.id;
}
