import path from 'node:path';
import type { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { EncodePlan } from '@reelmill/shared/contracts/media.ts';
import { objectKeys } from '@reelmill/shared/core/objectKeys.ts';
import { masterPlaylist, mediaPlaylist } from '@reelmill/shared/core/playlists.ts';
import { audioSegmentSeconds, videoSegmentSeconds } from '@reelmill/shared/core/timeline.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Models, VideoRow } from '../db/models.ts';
import { BoundedCache } from './boundedCache.ts';
import { type FinishedBeginning, findFinishedBeginning } from './finishedBeginning.ts';
import { readVideoCodecs } from './initCodecs.ts';
import { listUris, rewriteStoryboard, rewriteUris, selectVariants } from './playlistUris.ts';
import type { PlaybackUrls } from './urls.ts';

/** `growing`: more will follow; ask again. */
export interface ServedPlaylist {
  body: string;
  growing: boolean;
}

/** Playlists as players get them: every URI in them is signed. */
export interface PlaylistService {
  /** `name` is `master`, `master-720p`, `720p` or `audio`. `state_conflict` where there is nothing to play, else `not_found`. */
  playlist(video: VideoRow, name: string): Promise<ServedPlaylist>;
  /** The storyboard's WebVTT; `not_found` while there is none. */
  storyboard(video: VideoRow): Promise<string>;
}

export interface PlaylistServiceOptions {
  models: Models;
  store: ObjectStore;
  urls: PlaybackUrls;
}

/** A signed playlist of a three-hour film is about 1.5 MB. */
const PLAYLIST_CACHE_CHARACTERS = 32 * 1024 * 1024;
const SIGNED_AT_ONCE = 50;
const MAX_STORED_TEXT_BYTES = 8 * 1024 * 1024;
const MAX_INIT_BYTES = 64 * 1024;
const AUDIO_CODECS = 'mp4a.40.2';
const AAC_FRAME_SAMPLES = 1024;

export function createPlaylistService({ models, store, urls }: PlaylistServiceOptions): PlaylistService {
  const signedPlaylists = new BoundedCache<string>(PLAYLIST_CACHE_CHARACTERS, (body) => body.length);
  const codecsByInit = new BoundedCache<string>(10_000, () => 1);

  async function finishedPlaylist(video: VideoRow, name: string): Promise<string> {
    const cacheKey = `${urls.currentExpiry()} ${video.id} ${video.planVersion} ${name}`;
    const known = signedPlaylists.get(cacheKey);
    if (known !== undefined) return known;
    const key = name === 'master' ? objectKeys.master(video.id) : objectKeys.playlist(video.id, name);
    const stored = (await readObject(store, key, MAX_STORED_TEXT_BYTES)).toString('utf8');
    const body =
      name === 'master'
        ? rewriteUris(stored, (uri) => urls.renditionUrl(video, path.posix.basename(uri, '.m3u8')))
        : await signUris(stored, path.posix.dirname(key));
    signedPlaylists.set(cacheKey, body);
    return body;
  }

  async function signUris(playlist: string, folder: string): Promise<string> {
    const signed = await signEach(listUris(playlist), (uri) => path.posix.join(folder, uri));
    return rewriteUris(playlist, (uri) => signed.get(uri) ?? uri);
  }

  async function signEach<T>(items: readonly T[], keyOf: (item: T) => string): Promise<Map<T, string>> {
    const signed = new Map<T, string>();
    for (const [index, item] of items.entries()) {
      // a store may sign without ever yielding, and a long film has thousands of segments
      if (index % SIGNED_AT_ONCE === SIGNED_AT_ONCE - 1) await setImmediate();
      signed.set(item, await urls.objectUrl(keyOf(item)));
    }
    return signed;
  }

  async function readBeginning(video: VideoRow, plan: EncodePlan) {
    const tasks = await models.Task.findAll({
      attributes: ['state', 'spec', 'result', 'segmentsDone'],
      where: { videoId: video.id, planVersion: video.planVersion, kind: ['encode', 'audio'] },
    });
    return findFinishedBeginning(plan, tasks);
  }

  async function growingPlaylist(video: VideoRow, name: string): Promise<string> {
    const { plan } = video;
    if (plan === null) throw notReady();
    const beginning = await readBeginning(video, plan);
    if (name === 'master') return growingMaster(video, plan, beginning);
    const run = name === 'audio' ? beginning.audio : beginning.video.find((one) => one.name === name);
    if (!run) throw noSuchRendition();
    return growingRendition(video, plan, run);
  }

  async function growingMaster(
    video: VideoRow,
    plan: EncodePlan,
    { video: runs, audio }: Awaited<ReturnType<typeof readBeginning>>,
  ): Promise<string> {
    const ready = plan.renditions.filter(({ quality }) => runs.some((run) => run.name === quality));
    if (ready.length === 0) throw notReady();
    const audioBitrate = audio && plan.audio ? plan.audio.bitrate : 0;
    const variants = ready.map(async ({ quality, width, height, maxrate }) => ({
      uri: urls.renditionUrl(video, quality),
      bandwidth: maxrate + audioBitrate,
      averageBandwidth: maxrate + audioBitrate,
      codecs: await readCodecs(objectKeys.init(video.id, quality, plan.version)),
      width,
      height,
      frameRate: plan.facts.video.outputFrameRate,
    }));
    return masterPlaylist({
      variants: await Promise.all(variants),
      audio:
        audio && plan.audio
          ? { uri: urls.renditionUrl(video, 'audio'), codecs: AUDIO_CODECS, channels: plan.audio.channels }
          : null,
    });
  }

  async function growingRendition(
    video: VideoRow,
    plan: EncodePlan,
    { name, segments }: FinishedBeginning,
  ): Promise<string> {
    const indexes = segments.map((segment) => segment.index);
    const signed = await signEach(indexes, (index) =>
      objectKeys.segment(video.id, name, plan.version, index),
    );
    return mediaPlaylist({
      type: 'EVENT',
      ended: false,
      segments,
      targetSeconds: longestSegmentSeconds(plan, name),
      initUri: await urls.objectUrl(objectKeys.init(video.id, name, plan.version)),
      segmentUri: (index) => signed.get(index) ?? '',
    });
  }

  async function readCodecs(initKey: string): Promise<string> {
    const known = codecsByInit.get(initKey);
    if (known !== undefined) return known;
    const codecs = readVideoCodecs(await readObject(store, initKey, MAX_INIT_BYTES));
    if (codecs === null) throw new ReelmillError('internal', `The init segment ${initKey} has no picture.`);
    codecsByInit.set(initKey, codecs);
    return codecs;
  }

  async function servedPlaylist(video: VideoRow, name: string): Promise<ServedPlaylist> {
    if (video.status === 'online') return { body: await finishedPlaylist(video, name), growing: false };
    if (video.status === 'transcoding') return { body: await growingPlaylist(video, name), growing: true };
    throw new ReelmillError('state_conflict', `This video cannot be played: it is ${video.status}.`);
  }

  async function masterOf(video: VideoRow, quality: string): Promise<ServedPlaylist> {
    const { body, growing } = await servedPlaylist(video, 'master');
    const selected = selectVariants(body, (uri) => uri.includes(`/${quality}.m3u8?`));
    if (!selected.includes('#EXT-X-STREAM-INF')) throw noSuchRendition();
    return { body: selected, growing };
  }

  return {
    playlist(video, name) {
      const quality = /^master-(\d+p)$/.exec(name)?.[1];
      return quality === undefined ? servedPlaylist(video, name) : masterOf(video, quality);
    },
    async storyboard({ storyboardKey }) {
      if (storyboardKey === null) throw new ReelmillError('not_found', 'This video has no storyboard yet.');
      const stored = (await readObject(store, storyboardKey, MAX_STORED_TEXT_BYTES)).toString('utf8');
      const pictures = new Set<string>();
      rewriteStoryboard(stored, (picture) => {
        pictures.add(picture);
        return picture;
      });
      const folder = path.posix.dirname(storyboardKey);
      const signed = await signEach([...pictures], (picture) => path.posix.join(folder, picture));
      return rewriteStoryboard(stored, (picture) => signed.get(picture) ?? picture);
    },
  };
}

function noSuchRendition(): ReelmillError {
  return new ReelmillError('not_found', 'This video has no such rendition.');
}

function notReady(): ReelmillError {
  return new ReelmillError('state_conflict', 'Nothing of this video can be played yet.');
}

/** What the target duration of a growing playlist must allow for from the start. */
function longestSegmentSeconds(plan: EncodePlan, name: string): number {
  if (name !== 'audio' || plan.audio === null) return videoSegmentSeconds(plan, 0);
  return audioSegmentSeconds(plan, 0) + AAC_FRAME_SAMPLES / plan.audio.sampleRate;
}

/** A small object, whole; throws where it is larger than `maxBytes`. */
async function readObject(store: ObjectStore, key: string, maxBytes: number): Promise<Buffer> {
  const stream: Readable = await store.get(key);
  const pieces: Buffer[] = [];
  let size = 0;
  // leaving the loop destroys the stream
  for await (const piece of stream) {
    pieces.push(piece);
    size += piece.length;
    if (size > maxBytes) throw new ReelmillError('internal', `${key} is larger than ${maxBytes} bytes.`);
  }
  return Buffer.concat(pieces);
}
