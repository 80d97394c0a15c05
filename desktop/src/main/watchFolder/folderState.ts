/** One version of a file, as a scan of its folder finds it. */
export interface FoundFile {
  path: string;
  sizeBytes: number;
  mtimeMs: number;
}

type Version = Pick<FoundFile, 'sizeBytes' | 'mtimeMs'>;

/** The versions of files that were processed, by path, the oldest first. */
export type ProcessedVersions = ReadonlyMap<string, Version>;

export interface PendingFile extends Version {
  /** When this version was first seen. */
  sinceMs: number;
  /** The longest pause between two changes; null where the file was never seen to change. */
  longestPauseMs: number | null;
}

/** Versions that are not processed yet, by path. */
export type PendingFiles = ReadonlyMap<string, PendingFile>;

/** How long files must be unchanged before they count as complete. */
export interface QuietPeriods {
  /** For a file that never changed, such as one that was moved here. */
  stableMs: number;
  /** For a file that was seen to change, or was changed shortly before it was found. */
  growingMs: number;
  /** For a file with the name of a recording, which may pause for long. */
  recordingMs: number;
}

/** Names that begin or end with a date and a time: OBS, GeForce, Game Bar, Screen Recording, SimpleScreenRecorder, Zoom. */
const RECORDING = /\d{4}[-._]?\d{2}[-._]?\d{2}[-_ .T]+(at |um |à )?\d{2}[-._]?\d{2}[-._]?\d{2}/;
/** A file that changed must be unchanged for so many times its longest pause, up to a maximum. */
const PAUSE_FACTOR = 3;
const MAX_QUIET_MS = 300_000;

export interface ScanReview {
  pending: PendingFiles;
  /** Files that are complete. */
  finished: FoundFile[];
  /** Whether a file has to be checked again soon. */
  needsRescan: boolean;
}

/**
 * Compares the present files of a folder with those of the scan before. A file is complete when its size and modification
 * time were unchanged for its quiet period, over two scans at least. `nowMs` never goes back; `wallMs` is the time of day.
 */
export function reviewScan(
  found: readonly FoundFile[],
  {
    before,
    processed,
    nowMs,
    wallMs,
    quiet,
  }: {
    before: PendingFiles;
    processed: ProcessedVersions;
    nowMs: number;
    wallMs: number;
    quiet: QuietPeriods;
  },
): ScanReview {
  const pending = new Map<string, PendingFile>();
  const finished: FoundFile[] = [];
  let needsRescan = false;
  for (const file of found) {
    if (isSameVersion(processed.get(file.path), file)) continue;
    const earlier = before.get(file.path);
    const current = trackFile(file, earlier, {
      nowMs,
      wallMs,
      quiet,
      wasProcessed: processed.has(file.path),
    });
    pending.set(file.path, current);
    // an empty file changes once something is written to it
    if (file.sizeBytes === 0) continue;
    const isKnown = isSameVersion(earlier, file);
    if (isKnown && nowMs - current.sinceMs >= quietPeriodFor(file, current, quiet)) finished.push(file);
    else needsRescan = true;
  }
  return { pending, finished, needsRescan };
}

function trackFile(
  { sizeBytes, mtimeMs }: FoundFile,
  earlier: PendingFile | undefined,
  {
    nowMs,
    wallMs,
    quiet,
    wasProcessed,
  }: { nowMs: number; wallMs: number; quiet: QuietPeriods; wasProcessed: boolean },
): PendingFile {
  const version = { sizeBytes, mtimeMs };
  if (earlier === undefined) {
    // a processed file that changes after all needs the longer period
    const isFresh = wasProcessed || Math.abs(wallMs - mtimeMs) < quiet.growingMs;
    return { ...version, sinceMs: nowMs, longestPauseMs: isFresh ? 0 : null };
  }
  if (isSameVersion(earlier, version)) return earlier;
  const pauseMs = nowMs - earlier.sinceMs;
  return { ...version, sinceMs: nowMs, longestPauseMs: Math.max(earlier.longestPauseMs ?? 0, pauseMs) };
}

function quietPeriodFor(
  { path }: FoundFile,
  { longestPauseMs }: PendingFile,
  { stableMs, growingMs, recordingMs }: QuietPeriods,
): number {
  if (longestPauseMs === null) return stableMs;
  const name = path.split(/[\\/]/).at(-1) ?? '';
  const leastMs = RECORDING.test(name) ? recordingMs : growingMs;
  return Math.max(leastMs, Math.min(PAUSE_FACTOR * longestPauseMs, MAX_QUIET_MS));
}

/** Adds processed files, and drops the oldest beyond `max`: first those that no longer exist. */
export function addProcessed(
  processed: ProcessedVersions,
  files: readonly FoundFile[],
  { present, max }: { present: ReadonlySet<string>; max: number },
): ProcessedVersions {
  const next = new Map(processed);
  for (const { path, sizeBytes, mtimeMs } of files) {
    next.delete(path);
    next.set(path, { sizeBytes, mtimeMs });
  }
  const dispensable = [...next.keys()].filter((path) => !present.has(path));
  const ordered = [...dispensable, ...[...next.keys()].filter((path) => present.has(path))];
  for (const path of ordered.slice(0, Math.max(0, next.size - max))) next.delete(path);
  return next;
}

function isSameVersion(one: Version | undefined, other: Version): boolean {
  return one !== undefined && one.sizeBytes === other.sizeBytes && one.mtimeMs === other.mtimeMs;
}
