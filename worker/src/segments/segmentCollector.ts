import { access } from 'node:fs/promises';
import path from 'node:path';
import type { RenditionOutput, Segment } from '@reelmill/shared/contracts/media.ts';
import type { TaskKeys } from '@reelmill/shared/core/objectKeys.ts';
import type { TaskContext } from '../context/taskContext.ts';
import { tooMuchOutput } from '../limits/limitErrors.ts';
import { decodeWritten, pictureBytes } from '../verify/decodeCheck.ts';
import { type FragmentInfo, hashFile, type InitInfo, readFragment, readInit } from '../verify/fragments.ts';
import { INIT_FILE, segmentFile } from './hlsArgs.ts';
import { joinSegments } from './joinSegments.ts';
import { checkMuxerEnd } from './muxerEnd.ts';
import type { SegmentUploader } from './segmentUploader.ts';

/** What a segmented output is of. */
export interface OutputName {
  /** A quality, or `audio`. */
  name: string;
  /** Of its pictures; null where it is sound. */
  size: { width: number; height: number } | null;
}

export interface CollectorOptions {
  /** The task's folder; every output has a folder of its name in it. */
  folder: string;
  outputs: readonly OutputName[];
  contentType: string;
  keys: Pick<TaskKeys, 'init' | 'segment'>;
  firstSegment: number;
  /** Upper bound of the segments of an output. */
  maxSegments: number;
  uploads: SegmentUploader;
  context: TaskContext;
  /** What becomes of a last segment that is too short to be one; null where there is no such. */
  shortEnd: ShortEnd | null;
  /** Throws where a segment is not what was planned. `index` counts over the whole video. */
  check(fragment: FragmentInfo, init: InitInfo, index: number): void;
}

/** A last segment that is too short is joined to the one before it. */
export interface ShortEnd {
  /** From this segment on, each waits until it is known what follows it. */
  waitsFrom: number;
  isTooShort(seconds: number): boolean;
}

interface Output extends OutputName {
  init: InitInfo | null;
  /** `done`: it is in the store. */
  segments: (Segment & { done: boolean })[];
  initDone: boolean;
  samples: number;
  /** Segments that were joined to the one before: one or none. */
  joined: number;
}

/** Finds the segments that ffmpeg has finished, verifies them and hands them to the uploads, in order. */
export class SegmentCollector {
  readonly #options: CollectorOptions;
  readonly #outputs: Output[];
  #collecting: Promise<void> | null = null;
  /** ffmpeg ended well: nothing follows. */
  #ended = false;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#outputs = options.outputs.map((output) => ({
      ...output,
      init: null,
      segments: [],
      initDone: false,
      samples: 0,
      joined: 0,
    }));
  }

  /** Whole segments in the store in every output, from the first on. */
  get segmentsDone(): number {
    return Math.min(...this.#outputs.map(contiguousDone));
  }

  /**
   * Takes in what is there now; a call while one is running is that one. Throws `output_damaged`, and from then on always:
   * what was found by chance might not be found again.
   */
  collect(): Promise<void> {
    this.#collecting ??= this.#collectAll().then(() => {
      this.#collecting = null;
    });
    return this.#collecting;
  }

  /** Takes in the rest after ffmpeg ended well. Throws `output_damaged` where it finished more than there is. */
  async finish(): Promise<void> {
    await this.collect();
    this.#ended = true;
    await this.collect();
    const { folder, firstSegment } = this.#options;
    for (const { name, segments, joined } of this.#outputs) {
      await checkMuxerEnd(path.join(folder, name), { firstSegment, segments: segments.length + joined });
    }
  }

  /** Everything that was taken in, by output. */
  results(): RenditionOutput[] {
    return this.#outputs.flatMap(({ name, init, samples, segments }) =>
      init
        ? [
            {
              quality: name,
              codecs: init.codecs,
              initSha256: init.sha256,
              frames: samples,
              segments: segments.map(({ done: _, ...segment }) => segment),
            },
          ]
        : [],
    );
  }

  async #collectAll(): Promise<void> {
    for (const output of this.#outputs) {
      while (await this.#takeNext(output));
    }
  }

  /** The next segment of an output, if it is whole: ffmpeg gives it its name only then. */
  async #takeNext(output: Output): Promise<boolean> {
    const index = this.#options.firstSegment + output.segments.length;
    const file = this.#fileOf(output, index);
    if (!(await exists(file))) return false;
    if (output.segments.length >= this.#options.maxSegments) throw tooMuchOutput();
    const found = await readFragment(file);
    if (found === null) return false;
    const init = output.init ?? (await this.#takeInit(output));
    const fragment = await this.#withShortEnd(output, init, index, found);
    if (fragment === null) return false;
    this.#options.check(fragment, init, index);
    const md5 = await hashFile(file);
    await this.#sample(output, index, fragment);
    const segment = {
      index,
      durationSeconds: fragment.durationTicks / init.timescale,
      sizeBytes: fragment.sizeBytes,
      done: false,
    };
    output.segments.push(segment);
    output.samples += fragment.samples;
    const { keys, contentType, uploads, context } = this.#options;
    context.onVerified('verified');
    const key = keys.segment(output.name, index);
    uploads.add({ file, key, contentType, sizeBytes: segment.sizeBytes, md5 }, () => {
      segment.done = true;
    });
    return true;
  }

  #fileOf({ name }: OutputName, index: number): string {
    return path.join(this.#options.folder, name, segmentFile(index));
  }

  /** A segment with what is too short behind it; null as long as it is not known what follows. */
  async #withShortEnd(
    output: Output,
    { timescale }: InitInfo,
    index: number,
    found: FragmentInfo,
  ): Promise<FragmentInfo | null> {
    const { shortEnd } = this.#options;
    if (shortEnd === null || index < shortEnd.waitsFrom) return found;
    const next = this.#fileOf(output, index + 1);
    const following = (await exists(next)) ? await readFragment(next) : null;
    if (following === null) return this.#ended ? found : null;
    if (!shortEnd.isTooShort(following.durationTicks / timescale)) return found;
    if (!this.#ended) return null;
    const file = this.#fileOf(output, index);
    await joinSegments(file, next);
    output.joined = 1;
    return readFragment(file);
  }

  /** Decodes as many segments as the context says, by chance. */
  async #sample({ name, size }: OutputName, index: number, { samples }: FragmentInfo): Promise<void> {
    const { folder, context } = this.#options;
    if (Math.random() * 100 >= context.decodePercent) return;
    const parts = [`${name}/${INIT_FILE}`, `${name}/${segmentFile(index)}`];
    const expected = { frames: samples, ...(size && { bytes: pictureBytes(size) }) };
    await decodeWritten(folder, { parts, demuxer: 'mov', size }, expected, context);
  }

  async #takeInit(output: Output): Promise<InitInfo> {
    const { folder, keys, firstSegment, contentType, uploads } = this.#options;
    const file = path.join(folder, output.name, INIT_FILE);
    const init = await readInit(file);
    const md5 = await hashFile(file);
    output.init = init;
    // one init serves the whole rendition: that of its first segment
    if (firstSegment > 0) {
      output.initDone = true;
      return init;
    }
    const key = keys.init(output.name);
    uploads.add({ file, key, contentType, sizeBytes: init.sizeBytes, md5, keep: true }, () => {
      output.initDone = true;
    });
    return init;
  }
}

function contiguousDone(output: Output): number {
  if (!output.initDone) return 0;
  const missing = output.segments.findIndex((segment) => !segment.done);
  return missing < 0 ? output.segments.length : missing;
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
