/** One version of a file, as a look at its folder shows it. */
export interface FoundFile {
  path: string;
  sizeBytes: number;
  mtimeMs: number;
}

type Version = Pick<FoundFile, 'sizeBytes' | 'mtimeMs'>;

/** Which versions of which paths were dealt with, the oldest first. */
export type ProcessedVersions = ReadonlyMap<string, Version>;

export interface Sighting extends Version {
  /** Since when the file has looked like that. */
  sinceMs: number;
  /** The longest that a writer of it has rested; null where it was never seen to change. */
  longestRestMs: number | null;
}

/** Versions that are not dealt with yet. */
export type Sightings = ReadonlyMap<string, Sighting>;

/** How long files must look the same before they count as finished. */
export interface Patience {
  /** A file that was complete when it came, as one that was moved here. */
  settleMs: number;
  /** One that was seen to change, or was written to just before it was seen. */
  growingMs: number;
  /** One with a name that recorders give, which may rest for as long as nothing happens. */
  recordingMs: number;
}

/** Names that begin or end with a date and a time: OBS, GeForce, Game Bar, Screen Recording, SimpleScreenRecorder, Zoom. */
const RECORDING = /\d{4}[-._]?\d{2}[-._]?\d{2}[-_ .T]+(at |um |à )?\d{2}[-._]?\d{2}[-._]?\d{2}/;
/** So many times its longest rest so far, but no longer than this. */
const RESTS = 3;
const MAX_PATIENCE_MS = 300_000;

export interface ScanReview {
  sightings: Sightings;
  /** Files that nobody writes to any more. */
  finished: FoundFile[];
  /** Whether a file needs another look soon. */
  isUnsettled: boolean;
}

/**
 * Compares what a folder holds now with what was seen before. A file is finished when its size and its time have been
 * the same for as long as its `patience`, over two scans at least. `nowMs` never goes back; `wallMs` is the time of day.
 */
export function reviewScan(
  found: readonly FoundFile[],
  {
    before,
    taken,
    nowMs,
    wallMs,
    patience,
  }: { before: Sightings; taken: ProcessedVersions; nowMs: number; wallMs: number; patience: Patience },
): ScanReview {
  const sightings = new Map<string, Sighting>();
  const finished: FoundFile[] = [];
  let isUnsettled = false;
  for (const file of found) {
    if (isSameVersion(taken.get(file.path), file)) continue;
    const earlier = before.get(file.path);
    const sighting = look(file, earlier, { nowMs, wallMs, patience, isTaken: taken.has(file.path) });
    sightings.set(file.path, sighting);
    // nothing is in it yet; once something is, it looks different
    if (file.sizeBytes === 0) continue;
    const isKnown = isSameVersion(earlier, file);
    if (isKnown && nowMs - sighting.sinceMs >= patienceWith(file, sighting, patience)) finished.push(file);
    else isUnsettled = true;
  }
  return { sightings, finished, isUnsettled };
}

function look(
  { sizeBytes, mtimeMs }: FoundFile,
  earlier: Sighting | undefined,
  {
    nowMs,
    wallMs,
    patience,
    isTaken,
  }: { nowMs: number; wallMs: number; patience: Patience; isTaken: boolean },
): Sighting {
  const version = { sizeBytes, mtimeMs };
  if (earlier === undefined) {
    // one that was taken before, and goes on after all, was never seen at its rest
    const isFresh = isTaken || Math.abs(wallMs - mtimeMs) < patience.growingMs;
    return { ...version, sinceMs: nowMs, longestRestMs: isFresh ? 0 : null };
  }
  if (isSameVersion(earlier, version)) return earlier;
  const restMs = nowMs - earlier.sinceMs;
  return { ...version, sinceMs: nowMs, longestRestMs: Math.max(earlier.longestRestMs ?? 0, restMs) };
}

function patienceWith(
  { path }: FoundFile,
  { longestRestMs }: Sighting,
  { settleMs, growingMs, recordingMs }: Patience,
): number {
  if (longestRestMs === null) return settleMs;
  const name = path.split(/[\\/]/).at(-1) ?? '';
  const leastMs = RECORDING.test(name) ? recordingMs : growingMs;
  return Math.max(leastMs, Math.min(RESTS * longestRestMs, MAX_PATIENCE_MS));
}

/** Adds files to what was dealt with, and forgets the oldest beyond `most`: first those that are not there any more. */
export function addProcessed(
  taken: ProcessedVersions,
  files: readonly FoundFile[],
  { present, most }: { present: ReadonlySet<string>; most: number },
): ProcessedVersions {
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
