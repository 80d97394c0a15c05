/**
 * The folder of a video's objects under `raw/` and under `processed/`: its number and, since keys are not to be guessed,
 * 128 random bits. Videos of earlier versions have the number alone.
 */
export type VideoFolder = string | number;

export function videoFolder(video: { id: number; objectFolder?: string | null }): VideoFolder {
  return video.objectFolder ?? video.id;
}

/** The folder's name for a new video; `random` is 32 hexadecimal digits. */
export function newVideoFolder(videoId: number, random: string): string {
  return `${videoId}-${random}`;
}

/** The number of the video that a key belongs to, null for a key of another kind. */
export function videoIdInKey(key: string): number | null {
  const found = /^(?:raw|processed)\/(\d+)(?:-[0-9a-f]{32})?\//.exec(key)?.[1];
  return found === undefined ? null : Number(found);
}

/**
 * Distinguishes the tries of one task in the key of everything that a try writes under `processed/`: two workers with
 * different leases of a task never write the same key. One lease token may serve many tasks, so the task is part of it.
 */
export function attemptTag({ taskId, leaseToken }: { taskId: number; leaseToken: string }): string {
  return `${taskId}-${leaseToken.replaceAll('-', '').slice(0, 12).toLowerCase()}`;
}

/** Null for objects that were written by versions without tags. */
export type AttemptTag = string | null;

/**
 * Keys of a video's objects. `version` is the plan's: a new plan of the same video never meets an old one's segments.
 * `tag` is that of the try which writes the object, see `attemptTag`; playlists have none, for the server alone writes them.
 */
export const objectKeys = {
  rawPrefix: (folder: VideoFolder) => `raw/${folder}/`,
  processedPrefix: (folder: VideoFolder) => `processed/${folder}/`,
  source: (folder: VideoFolder, fileName: string) => `raw/${folder}/${safeFileName(fileName)}`,
  /** Where a single PUT goes to; what is used is copied from there, so that a later PUT changes nothing. */
  singlePut: (folder: VideoFolder, fileName: string) => `raw/${folder}/upload/${safeFileName(fileName)}`,
  /** The source of an upload by a single PUT. Each try to complete it has a `random` of its own and so writes a key once. */
  acceptedSource: (folder: VideoFolder, random: string, fileName: string) =>
    `raw/${folder}/${random}/${safeFileName(fileName)}`,
  renditionPrefix: (folder: VideoFolder, name: string) => `processed/${folder}/hls_${name}/`,
  /** `name` is a quality (`720p`) or `audio`. */
  playlist: (folder: VideoFolder, name: string) => `processed/${folder}/hls_${name}/${name}.m3u8`,
  master: (folder: VideoFolder) => `processed/${folder}/master.m3u8`,
  init: (folder: VideoFolder, name: string, version: number, tag: AttemptTag = null) =>
    `processed/${folder}/hls_${name}/${initName(version, tag)}`,
  segment: (folder: VideoFolder, name: string, version: number, index: number, tag: AttemptTag = null) =>
    `processed/${folder}/hls_${name}/${segmentName(version, index, tag)}`,
  cover: (folder: VideoFolder, version = 0, tag: AttemptTag = null) =>
    `processed/${folder}/cover${pictureSuffix(version, tag)}.jpg`,
  storyboard: (folder: VideoFolder, version = 0, tag: AttemptTag = null) =>
    `processed/${folder}/storyboard${pictureSuffix(version, tag)}.vtt`,
  /** The picture that a storyboard's cues are parts of. */
  storyboardSprite: (storyboardKey: string) => storyboardKey.replace(/\.vtt$/, '.jpg'),
} as const;

/**
 * Returns the `Cache-Control` of an object. One that is written once and never again may stay in the private cache of whoever
 * had its signed URL: segments, init segments and pictures. Playlists may not, nor the pictures of earlier versions, whose
 * next transcode had the same keys.
 */
export function cacheControlOf(key: string): string {
  const isWrittenOnce =
    /^processed\/.+\.(m4s|mp4|jpg)$/.test(key) && typeof planVersionInKey(key) === 'number';
  return isWrittenOnce ? 'private, max-age=31536000, immutable' : 'private, no-cache';
}

export function initName(version: number, tag: AttemptTag = null): string {
  return `init_${version}${suffix(tag)}.mp4`;
}

export function segmentName(version: number, index: number, tag: AttemptTag = null): string {
  return `seg_${version}_${String(index).padStart(5, '0')}${suffix(tag)}.m4s`;
}

function suffix(tag: AttemptTag): string {
  return tag === null ? '' : `_${tag}`;
}

/** Pictures without a tag have no version either. */
function pictureSuffix(version: number, tag: AttemptTag): string {
  return tag === null ? '' : `_${version}${suffix(tag)}`;
}

/** Keys of what one try of a task writes. */
export interface TaskKeys {
  /** `name` is a quality or `audio`. */
  init(name: string): string;
  segment(name: string, index: number): string;
  cover: string;
  storyboard: string;
  storyboardSprite: string;
}

export function taskKeys(folder: VideoFolder, version: number, tag: AttemptTag): TaskKeys {
  const storyboard = objectKeys.storyboard(folder, version, tag);
  return {
    init: (name) => objectKeys.init(folder, name, version, tag),
    segment: (name, index) => objectKeys.segment(folder, name, version, index, tag),
    cover: objectKeys.cover(folder, version, tag),
    storyboard,
    storyboardSprite: objectKeys.storyboardSprite(storyboard),
  };
}

const TAG = String.raw`\d+-[0-9a-f]{12}`;
const MADE_BY_TASKS = new RegExp(
  String.raw`/(?:(?:init|seg)_(\d+)(?:_\d+)?(?:_${TAG})?\.(?:mp4|m4s)|(?:cover|storyboard)_(\d+)_${TAG}\.(?:jpg|vtt))$`,
);
const OTHER_PROCESSED = /\/(?:hls_([^/]+)\/\1\.m3u8|master\.m3u8|cover\.jpg|storyboard\.(?:jpg|vtt))$/;

/**
 * Which plan of its video an object under `processed/` belongs to. Null where the key does not hold it: playlists, and
 * pictures without a tag. Undefined for keys that Reelmill does not write.
 */
export function planVersionInKey(key: string): number | null | undefined {
  const found = MADE_BY_TASKS.exec(key);
  if (found !== null) return Number(found[1] ?? found[2]);
  return OTHER_PROCESSED.test(key) ? null : undefined;
}

/**
 * A file name that is one harmless path component of an object key: letters, digits, dot, dash and underscore, at
 * most 100 characters, its extension kept. Never empty, never `.` or `..`.
 */
export function safeFileName(fileName: string): string {
  const base = fileName.split(/[/\\]/).at(-1) ?? '';
  const extension = /\.[A-Za-z0-9]{1,8}$/.exec(base)?.[0] ?? '';
  const stem = base
    .slice(0, base.length - extension.length)
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/^[._]+|[._]+$/g, '')
    .slice(0, 100 - extension.length);
  return `${stem || 'video'}${extension}`;
}
