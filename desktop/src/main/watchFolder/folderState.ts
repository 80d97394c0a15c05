/** One version of a file, as a look at its folder shows it. */
export interface FoundFile {
  path: string;
  sizeBytes: number;
  mtimeMs: number;
}

type Version = Pick<FoundFile, 'sizeBytes' | 'mtimeMs'>;

/** Which versions of which paths were dealt with, the oldest first. */
export type TakenFiles = ReadonlyMap<string, Version>;

/** Versions that are not dealt with yet, and since when they have looked like that. */
export type Sightings = ReadonlyMap<string, Version & { sinceMs: number }>;

export interface ScanReview {
  sightings: Sightings;
  /** Files that nobody writes to any more. */
  finished: FoundFile[];
  /** Whether a file needs another look soon. */
  isUnsettled: boolean;
}

/**
 * Compares what a folder holds now with what was seen before. A file is finished when its size and its time have been
 * the same for `settleMs`, over two scans at least. `nowMs` never goes back.
 */
export function reviewScan(
  found: readonly FoundFile[],
  {
    before,
    taken,
    nowMs,
    settleMs,
  }: { before: Sightings; taken: TakenFiles; nowMs: number; settleMs: number },
): ScanReview {
  const sightings = new Map<string, Version & { sinceMs: number }>();
  const finished: FoundFile[] = [];
  let isUnsettled = false;
  for (const file of found) {
    if (isSameVersion(taken.get(file.path), file)) continue;
    const earlier = before.get(file.path);
    const isKnown = isSameVersion(earlier, file);
    const sinceMs = isKnown && earlier !== undefined ? earlier.sinceMs : nowMs;
    sightings.set(file.path, { sizeBytes: file.sizeBytes, mtimeMs: file.mtimeMs, sinceMs });
    // nothing is in it yet; once something is, it looks different
    if (file.sizeBytes === 0) continue;
    if (isKnown && nowMs - sinceMs >= settleMs) finished.push(file);
    else isUnsettled = true;
  }
  return { sightings, finished, isUnsettled };
}

/** Adds files to what was dealt with, and forgets the oldest beyond `most`: first those that are not there any more. */
export function rememberTaken(
  taken: TakenFiles,
  files: readonly FoundFile[],
  { present, most }: { present: ReadonlySet<string>; most: number },
): TakenFiles {
  const next = new Map(taken);
  for (const { path, sizeBytes, mtimeMs } of files) {
    next.delete(path);
    next.set(path, { sizeBytes, mtimeMs });
  }
  const dispensable = [...next.keys()].filter((path) => !present.has(path));
  const ordered = [...dispensable, ...[...next.keys()].filter((path) => present.has(path))];
  for (const path of ordered.slice(0, Math.max(0, next.size - most))) next.delete(path);
  return next;
}

function isSameVersion(one: Version | undefined, other: Version): boolean {
  return one !== undefined && one.sizeBytes === other.sizeBytes && one.mtimeMs === other.mtimeMs;
}
