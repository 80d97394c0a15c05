import { access } from 'node:fs/promises';
import path from 'node:path';
import type { RenditionOutput, Segment } from '@reelmill/shared/contracts/media.ts';
import type { TaskKeys } from '@reelmill/shared/core/objectKeys.ts';
import { tooMuchOutput, type UploadQueue } from '../transfer/uploadQueue.ts';
import { INIT_FILE, segmentFile } from './encodeArgs.ts';
import { type FragmentInfo, type InitInfo, readFragment, readInit } from './fragments.ts';

export interface CollectorOptions {
  /** The task's folder; every output has a folder of its name in it. */
  folder: string;
  /** Qualities, or `audio`. */
  names: readonly string[];
  contentType: string;
  keys: Pick<TaskKeys, 'init' | 'segment'>;
  firstSegment: number;
  /** Most segments that an output may have. */
  maxSegments: number;
  uploads: UploadQueue;
  /** Throws where a segment is not what was planned. `index` counts over the whole video. */
  check(fragment: FragmentInfo, init: InitInfo, index: number): void;
}

interface Output {
  name: string;
  init: InitInfo | null;
  /** `done`: it is in the store. */
  segments: (Segment & { done: boolean })[];
  initDone: boolean;
  samples: number;
}

/** Finds the segments that ffmpeg has finished, checks them and hands them to the uploads, in order. */
export class SegmentCollector {
  readonly #options: CollectorOptions;
  readonly #outputs: Output[];
  #collecting: Promise<void> | null = null;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#outputs = options.names.map((name) => ({
      name,
      init: null,
      segments: [],
      initDone: false,
      samples: 0,
    }));
  }

  /** Whole segments in the store in every output, from the first on. */
  get segmentsDone(): number {
    return Math.min(...this.#outputs.map(contiguousDone));
  }

  /** Takes in what is there now; a call while one is running is that one. */
  collect(): Promise<void> {
    this.#collecting ??= this.#collectAll().finally(() => {
      this.#collecting = null;
    });
    return this.#collecting;
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
    const file = path.join(this.#options.folder, output.name, segmentFile(index));
    if (!(await exists(file))) return false;
    if (output.segments.length >= this.#options.maxSegments) throw tooMuchOutput();
    const fragment = await readFragment(file);
    if (fragment.samples === 0) return false;
    const init = output.init ?? (await this.#takeInit(output));
    this.#options.check(fragment, init, index);
    const segment = {
      index,
      durationSeconds: fragment.durationTicks / init.timescale,
      sizeBytes: fragment.sizeBytes,
      done: false,
    };
    output.segments.push(segment);
    output.samples += fragment.samples;
    const { keys, contentType, uploads } = this.#options;
    const key = keys.segment(output.name, index);
    uploads.add({ file, key, contentType, sizeBytes: segment.sizeBytes }, () => {
      segment.done = true;
    });
    return true;
  }

  async #takeInit(output: Output): Promise<InitInfo> {
    const { folder, keys, firstSegment, contentType, uploads } = this.#options;
    const file = path.join(folder, output.name, INIT_FILE);
    const init = await readInit(file);
    output.init = init;
    // one init serves the whole rendition: that of its first segment
    if (firstSegment > 0) {
      output.initDone = true;
      return init;
    }
    const key = keys.init(output.name);
    uploads.add({ file, key, contentType, sizeBytes: init.sizeBytes }, () => {
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
