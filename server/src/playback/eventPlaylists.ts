import type { EncodePlan } from '@reelmill/shared/contracts/media.ts';
import { objectKeys, type VideoFolder, videoFolder } from '@reelmill/shared/core/objectKeys.ts';
import {
  AAC_FRAME_SAMPLES,
  audioSegmentSeconds,
  videoSegmentCount,
  videoSegmentSeconds,
} from '@reelmill/shared/core/timeline.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Models } from '../db/models.ts';
import type { VideoRow } from '../db/rows.ts';
import { masterPlaylist, mediaPlaylist } from '../publish/playlists.ts';
import { createBoundedCache } from '../signing/boundedCache.ts';
import type { PlaybackUrls } from '../signing/playbackUrls.ts';
import { signKeys } from '../signing/signKeys.ts';
import { findPlayablePrefix, type PlayablePrefix, type PlayableSegment } from './playablePrefix.ts';
import { readSmallObject } from './readSmallObject.ts';

const MAX_INIT_BYTES = 64 * 1024;
/** How old the cached tasks of a video may be. */
const MAX_AGE_MS = 1_000;
const MAX_CACHED_PREFIXES = 50;
const MAX_CACHED_CODECS = 10_000;
const AUDIO_CODECS = 'mp4a.40.2';

interface PlannedPrefix {
  plan: EncodePlan;
  prefix: ReturnType<typeof findPlayablePrefix>;
}

/** Builds EVENT playlists of the playable prefix of transcoding videos from their tasks. */
export class EventPlaylists {
  readonly #models: Models;
  readonly #store: ObjectStore;
  readonly #urls: PlaybackUrls;
  readonly #prefixes = createBoundedCache<{ planned: Promise<PlannedPrefix>; readAt: number }>(
    MAX_CACHED_PREFIXES,
    () => 1,
  );
  readonly #codecs = createBoundedCache<string>(MAX_CACHED_CODECS, () => 1);

  constructor(models: Models, store: ObjectStore, urls: PlaybackUrls) {
    this.#models = models;
    this.#store = store;
    this.#urls = urls;
  }

  /** Lists the renditions with a playable prefix. Throws `state_conflict` where there is none yet. */
  async master(video: VideoRow): Promise<string> {
    const { plan, prefix } = await this.#read(video);
    const ready = plan.renditions.flatMap((rendition) => {
      const run = prefix.video.find(({ name }) => name === rendition.quality);
      return run === undefined ? [] : [{ ...rendition, run }];
    });
    if (ready.length === 0) throw notPlayableYet();
    const audio = prefix.audio === null ? null : plan.audio;
    const variants = ready.map(async ({ quality, width, height, maxrate, run }) => {
      // the measured rate is not known yet; this is its upper bound
      const bandwidth = maxrate + (audio?.bitrate ?? 0);
      return {
        uri: this.#urls.renditionUrl(video, quality),
        bandwidth,
        averageBandwidth: bandwidth,
        codecs: await this.#readCodecs(initKeyOf(videoFolder(video), plan, run)),
        width,
        height,
        frameRate: plan.facts.video.outputFrameRate,
      };
    });
    return masterPlaylist({
      variants: await Promise.all(variants),
      audio: audio && {
        uri: this.#urls.renditionUrl(video, 'audio'),
        codecs: AUDIO_CODECS,
        channels: audio.channels,
      },
    });
  }

  /** `name` is a quality or `audio`. Throws `not_found` where it has no playable prefix yet. */
  async rendition(video: VideoRow, name: string): Promise<string> {
    const { plan, prefix } = await this.#read(video);
    const run = name === 'audio' ? prefix.audio : prefix.video.find((one) => one.name === name);
    if (!run) throw new ReelmillError('not_found', 'This video has no such rendition yet.');
    return this.#build(videoFolder(video), plan, run);
  }

  /** Cached: players request several playlists at once, and a long film has many tasks. */
  #read(video: VideoRow): Promise<PlannedPrefix> {
    const key = `${video.id} ${video.planVersion}`;
    const known = this.#prefixes.get(key);
    if (known !== undefined && performance.now() - known.readAt < MAX_AGE_MS) return known.planned;
    const planned = this.#readTasks(video);
    this.#prefixes.set(key, { planned, readAt: performance.now() });
    return planned;
  }

  async #readTasks({ id }: VideoRow): Promise<PlannedPrefix> {
    const row = await this.#models.Video.findByPk(id, { attributes: ['plan'] });
    const plan = row?.plan ?? null;
    if (plan === null) throw notPlayableYet();
    const tasks = await this.#models.Task.findAll({
      attributes: ['state', 'spec', 'result', 'segmentsDone', 'listedTag', 'damagedTag', 'damagedSegments'],
      where: { videoId: id, planVersion: plan.version, kind: ['encode', 'audio'] },
    });
    return { plan, prefix: findPlayablePrefix(plan, tasks) };
  }

  async #build(folder: VideoFolder, plan: EncodePlan, run: PlayablePrefix): Promise<string> {
    const { name, segments } = run;
    const initKey = initKeyOf(folder, plan, run);
    const keyOf = ({ index, tag }: PlayableSegment) =>
      objectKeys.segment(folder, name, plan.version, index, tag);
    const signed = await signKeys(this.#urls, [initKey, ...segments.map(keyOf)]);
    return mediaPlaylist({
      type: 'EVENT',
      ended: false,
      segments,
      targetSeconds: longestSegmentSeconds(plan, name),
      initUri: signed.get(initKey) ?? '',
      segmentUri: (segment) => signed.get(keyOf(segment)) ?? '',
    });
  }

  async #readCodecs(initKey: string): Promise<string> {
    const known = this.#codecs.get(initKey);
    if (known !== undefined) return known;
    const codecs = readVideoCodecs(await readSmallObject(this.#store, initKey, MAX_INIT_BYTES));
    if (codecs === null)
      throw new ReelmillError('internal', `The init segment ${initKey} has no video track.`);
    this.#codecs.set(initKey, codecs);
    return codecs;
  }
}

function notPlayableYet(): ReelmillError {
  return new ReelmillError('state_conflict', 'Nothing of this video can be played yet.');
}

/** The init segment of a rendition belongs to the attempt that encoded its first segment. */
function initKeyOf(folder: VideoFolder, { version }: EncodePlan, { name, segments }: PlayablePrefix): string {
  return objectKeys.init(folder, name, version, segments[0]?.tag);
}

/** Returns the duration of the longest segment that an EVENT playlist will have. */
function longestSegmentSeconds(plan: EncodePlan, name: string): number {
  if (name !== 'audio' || plan.audio === null) {
    return Math.max(videoSegmentSeconds(plan, 0), videoSegmentSeconds(plan, videoSegmentCount(plan) - 1));
  }
  const lastJoined = plan.minSegmentSeconds ?? 0;
  return audioSegmentSeconds(plan, 0) + AAC_FRAME_SAMPLES / plan.audio.sampleRate + lastJoined;
}

/**
 * Returns the RFC 6381 codec string of the H.264 track in an init segment, such as `avc1.64001f`: the three bytes after the
 * version of its `avcC` box. Null where there is no such box.
 */
export function readVideoCodecs(init: Buffer): string | null {
  const box = init.indexOf('avcC', 0, 'latin1');
  if (box < 0 || init.length < box + 8) return null;
  return `avc1.${init.subarray(box + 5, box + 8).toString('hex')}`;
}
