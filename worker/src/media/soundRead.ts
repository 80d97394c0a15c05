/** How much of a sound track ffmpeg had read and decoded when it ended. */
export interface SoundRead {
  /** Packets that the demuxer delivered whole. */
  packets: number;
  /** Frames that came out of the decoder; null where nothing was to be decoded. */
  frames: number | null;
  /** Samples of them, of one channel. */
  samples: number;
}

/** Makes ffmpeg print at its end how much it read; the last such option counts. */
export const COUNTING_ARGS = ['-loglevel', 'verbose'] as const;

/**
 * The texts of a file are indented further, or follow a name; newer versions put the input's name before the line, and
 * print how many packets were refused.
 */
const STATISTICS =
  /^(?:\[in#0\/[\w,]+ @ 0x[0-9a-f]+\] )? {2}Input stream #0:(\d+) \(audio\): (\d+) packets read \(\d+ bytes\);(?: (\d+) frames decoded(?:; \d+ decode errors)? \((\d+) samples\);)?/;

/** Returns what a line of ffmpeg's standard error says of a sound track; null for every other line. */
export function parseSoundRead(line: string, streamIndex: number): SoundRead | null {
  const [, stream, packets, frames, samples] = STATISTICS.exec(line) ?? [];
  if (Number(stream) !== streamIndex) return null;
  return {
    packets: Number(packets),
    frames: frames === undefined ? null : Number(frames),
    samples: Number(samples ?? 0),
  };
}
