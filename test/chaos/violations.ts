import type { Timeline } from './timeline.ts';
import { formatEntry } from './timeline.ts';
import type { Upload } from './uploads.ts';

const SECONDS_BEFORE = 5;
const MAX_LINES = 40;

/** Something that must not be, with what it takes to look into it. */
export interface Violation {
  /** A stable name, such as `picture`. */
  check: string;
  what: string;
  upload?: Upload;
  videoId?: number | undefined;
}

/** Collects what the checks find. */
export class Violations {
  readonly list: Violation[] = [];

  add(check: string, what: string, about: { upload?: Upload; videoId?: number | undefined } = {}): void {
    this.list.push({ check, what, ...about });
  }

  /** How many of each check. */
  count(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { check } of this.list) counts[check] = (counts[check] ?? 0) + 1;
    return counts;
  }
}

/** Returns a violation for people, with the faults that were near its upload. */
export function formatViolation(violation: Violation, timeline: Timeline): string {
  const { check, what, upload, videoId } = violation;
  const lines = [`VIOLATION ${check}: ${what}`];
  const video = videoId ?? upload?.videoId;
  if (video !== undefined && video !== null) lines.push(`  video ${video}`);
  if (upload !== undefined) {
    const { name, way, action, file, begunAt, acceptedAt, clip } = upload;
    lines.push(
      `  upload ${name} (${way}, ${action}), file ${file}${clip === null ? '' : `, clip ${clip.id}`}`,
    );
    const until = (acceptedAt ?? begunAt) + 60;
    const near = timeline
      .between(begunAt - SECONDS_BEFORE, until)
      .filter((entry) => entry.what.startsWith('FAULT') || entry.what.includes('ended by itself'));
    lines.push(
      `  begun at ${begunAt.toFixed(1)} s, accepted at ${acceptedAt?.toFixed(1) ?? 'no time'} s; faults near it:`,
    );
    lines.push(...near.slice(0, MAX_LINES).map((entry) => `    ${formatEntry(entry)}`));
  }
  return lines.join('\n');
}
