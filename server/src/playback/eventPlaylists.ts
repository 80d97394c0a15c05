import type { EncodePlan } from '@reelmill/shared/contracts/media.ts';
import { objectKeys, type VideoFolder, videoFolder } from '@reelmill/shared/core/objectKeys.ts';
import {
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
import { signKeys } from '../signing/signKeys.ts';
import type { PlaybackUrls } from '../signing/urls.ts';
import { findPlayablePrefix, type PlayablePrefix, type PlayableSegment } from './playablePrefix.ts';
import { readSmallObject } from './readSmallObject.ts';

const MAX_INIT_BYTES = 64 * 1024;
/** How old what is known of a video's tasks may be. */
const FRESH_MS = 1_000;
const KEPT_BEGINNINGS = 50;
const KEPT_CODECS = 10_000;
const AUDIO_CODECS = 'mp4a.40.2';
const AAC_FRAME_SAMPLES = 1024;

interface Beginning {
  plan: EncodePlan;
  beginning: ReturnType<typeof findPlayablePrefix>;
}

/** EVENT playlists of the finished beginning of videos that are transcoding, made from their tasks. */
export class EventPlaylists {
  readonly #models: Models;
  readonly #store: ObjectStore;
  readonly #urls: PlaybackUrls;
  readonly #beginnings = createBoundedCache<{ beginning: Promise<Beginning>; readAt: number }>(
    KEPT_BEGINNINGS,
    () => 1,
  );
  readonly #codecs = createBoundedCache<string>(KEPT_CODECS, () => 1);

  constructor(models: Models, store: ObjectStore, urls: PlaybackUrls) {
    this.#models = models;
    this.#store = store;
    this.#urls = urls;
  }

  /** Lists the renditions that have a beginning; `state_conflict` where there is none yet. */
  async master(video: VideoRow): Promise<string> {
    const { plan, beginning } = await this.#read(video);
    const ready = plan.renditions.flatMap((rendition) => {
      const run = beginning.video.find(({ name }) => name === rendition.quality);
      return run === undefined ? [] : [{ ...rendition, run }];
    });
    if (ready.length === 0) throw nothingYet();
    const audio = beginning.audio === null ? null : plan.audio;
    const variants = ready.map(async ({ quality, width, height, maxrate, run }) => {
      // what is not finished has no measured rate; this is what it may not exceed
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

  /** `name` is a quality or `audio`; `not_found` where it has no beginning yet. */
  async rendition(video: VideoRow, name: string): Promise<string> {
    const { plan, beginning } = await this.#read(video);
    const run = name === 'audio' ? beginning.audio : beginning.video.find((one) => one.name === name);
    if (!run) throw new ReelmillError('not_found', 'This video has no such rendition yet.');
    return this.#build(videoFolder(video), plan, run);
  }

  /** Many players ask for several lists at nearly the same time, and the tasks of a long film are much to read. */
  #read(video: VideoRow): Promise<Beginning> {
    const key = `${video.id} ${video.planVersion}`;
    const known = this.#beginnings.get(key);
    if (known !== undefined && performance.now() - known.readAt < FRESH_MS) return known.beginning;
    const beginning = this.#readTasks(video);
    this.#beginnings.set(key, { beginning, readAt: performance.now() });
    return beginning;
  }

  async #readTasks({ id }: VideoRow): Promise<Beginning> {
    const row = await this.#models.Video.findByPk(id, { attributes: ['plan'] });
    const plan = row?.plan ?? null;
    if (plan === null) throw nothingYet();
    const tasks = await this.#models.Task.findAll({
      attributes: ['state', 'spec', 'result', 'segmentsDone', 'listedTag', 'damagedTag', 'damagedSegments'],
      where: { videoId: id, planVersion: plan.version, kind: ['encode', 'audio'] },
    });
    return { plan, beginning: findPlayablePrefix(plan, tasks) };
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
    if (codecs === null) throw new ReelmillError('internal', `The init segment ${initKey} has no picture.`);
    this.#codecs.set(initKey, codecs);
    return codecs;
  }
}

function nothingYet(): ReelmillError {
  return new ReelmillError('state_conflict', 'Nothing of this video can be played yet.');
}

/** The init of a rendition is that of the try which made its first segment. */
function initKeyOf(folder: VideoFolder, { version }: EncodePlan, { name, segments }: PlayablePrefix): string {
  return objectKeys.init(folder, name, version, segments[0]?.tag);
}

/** What the target duration of a growing playlist must allow for from the start. */
function longestSegmentSeconds(plan: EncodePlan, name: string): number {
  if (name !== 'audio' || plan.audio === null) {
    return Math.max(videoSegmentSeconds(plan, 0), videoSegmentSeconds(plan, videoSegmentCount(plan) - 1));
  }
  const lastJoined = plan.minSegmentSeconds ?? 0;
  return audioSegmentSeconds(plan, 0) + AAC_FRAME_SAMPLES / plan.audio.sampleRate + lastJoined;
}

/**
 * The RFC 6381 name of the H.264 picture in an init segment, `avc1.64001f`: the three bytes after the version of its
 * `avcC` box. Null where there is no such box.
 */
export function readVideoCodecs(init: Buffer): string | null {
  const box = init.indexOf('avcC', 0, 'latin1');
  if (box < 0 || init.length < box + 8) return null;
  return `avc1.${init.subarray(box + 5, box + 8).toString('hex')}`;
}
