import { createWriteStream } from 'node:fs';
import path from 'node:path';

export interface TimelineEntry {
  /** Seconds since the run began. */
  at: number;
  what: string;
}

/** What happened when, kept for the explanation of violations and written to `timeline.txt` as it happens. */
export interface Timeline {
  /** Seconds since the run began. */
  now(): number;
  add(what: string): void;
  /** Entries between two times, in seconds. */
  between(from: number, to: number): TimelineEntry[];
  close(): Promise<void>;
}

export function openTimeline(folder: string, print: (line: string) => void): Timeline {
  const begun = performance.now();
  const entries: TimelineEntry[] = [];
  const file = createWriteStream(path.join(folder, 'timeline.txt'));
  const now = (): number => (performance.now() - begun) / 1000;
  return {
    now,
    add(what) {
      const entry = { at: now(), what };
      entries.push(entry);
      const line = formatEntry(entry);
      file.write(`${new Date().toISOString()} ${line}\n`);
      print(line);
    },
    between: (from, to) => entries.filter(({ at }) => at >= from && at <= to),
    close: () => new Promise((resolve) => file.end(resolve)),
  };
}

export function formatEntry({ at, what }: TimelineEntry): string {
  return `${at.toFixed(1).padStart(7)} s  ${what}`;
}
