/** One report of `ffmpeg -progress`. */
export interface ProgressReport {
  /** Frames of the first video output, 0 where there is none. */
  frame: number;
  /** Where the output is, in seconds; null before the first packet. */
  outTimeSeconds: number | null;
  /** Multiple of real time, null where ffmpeg does not know yet. */
  speed: number | null;
  ended: boolean;
}

/** Puts the `key=value` lines of `ffmpeg -progress` together to reports. */
export class ProgressReader {
  readonly #fields = new Map<string, string>();

  /** Takes one line; returns a report when the line completes one. */
  push(line: string): ProgressReport | null {
    const separator = line.indexOf('=');
    if (separator < 0) return null;
    const key = line.slice(0, separator);
    const value = line.slice(separator + 1).trim();
    if (key !== 'progress') {
      if (this.#fields.size < 200) this.#fields.set(key, value);
      return null;
    }
    const report = {
      frame: numberOf(this.#fields.get('frame')) ?? 0,
      outTimeSeconds: secondsOf(this.#fields.get('out_time_us')),
      speed: numberOf(this.#fields.get('speed')?.replace(/x$/, '')),
      ended: value === 'end',
    };
    this.#fields.clear();
    return report;
  }
}

function secondsOf(microseconds: string | undefined): number | null {
  const value = numberOf(microseconds);
  return value === null ? null : Math.max(0, value / 1e6);
}

function numberOf(text: string | undefined): number | null {
  if (text === undefined || text === '' || !Number.isFinite(Number(text))) return null;
  return Number(text);
}
