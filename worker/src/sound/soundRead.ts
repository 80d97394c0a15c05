/** How much of a sound track ffmpeg had read and decoded when it ended. */
export interface SoundRead {
  /** Packets that the demuxer delivered whole. */
  packets: number;
  /** Frames that came out of the decoder; null where nothing was to be decoded. */
  frames: number | null;
  /** Packets that the decoder refused. */
  refused: number;
}

/** Makes ffmpeg print at its end how much it read; the last such option counts. */
export const COUNTING_ARGS = ['-loglevel', 'verbose'] as const;

/** The texts of a file are indented further, or follow a name; newer versions print where the line is from. */
const STATISTICS =
  /^(?:\[in#0\/[\w,]+ @ 0x[0-9a-f]+\] )? {2}Input stream #0:(\d+) \(audio\): (\d+) packets read \(\d+ bytes\);(?: (\d+) frames decoded(?:; (\d+) decode errors)?)?/;
/** Versions that do not count them print each. */
const REFUSED = /^Error while decoding stream #0:(\d+): /;
const REPEATED = /^ {4}Last message repeated (\d+) times$/;

/** Finds out from the lines of ffmpeg's standard error how much it read of a sound track. */
export class SoundReadLines {
  readonly #streamIndex: number;
  #refused = 0;
  #isRepeated = false;
  #read: SoundRead | null = null;

  constructor(streamIndex: number) {
    this.#streamIndex = streamIndex;
  }

  /** Null before ffmpeg has ended, and where it says nothing. */
  get read(): SoundRead | null {
    return this.#read;
  }

  push(line: string): void {
    const [, again] = REPEATED.exec(line) ?? [];
    if (again !== undefined && this.#isRepeated) this.#refused += Number(again);
    if (again !== undefined) return;
    this.#isRepeated = Number(REFUSED.exec(line)?.[1]) === this.#streamIndex;
    if (this.#isRepeated) this.#refused += 1;
    const [, stream, packets, frames, errors] = STATISTICS.exec(line) ?? [];
    if (Number(stream) !== this.#streamIndex) return;
    this.#read = {
      packets: Number(packets),
      frames: frames === undefined ? null : Number(frames),
      refused: Number(errors ?? this.#refused),
    };
  }
}
