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

/** Keys of a video's objects. `version` is the plan's: a new plan of the same video never meets an old one's segments. */
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
  init: (folder: VideoFolder, name: string, version: number) =>
    `processed/${folder}/hls_${name}/${initName(version)}`,
  segment: (folder: VideoFolder, name: string, version: number, index: number) =>
    `processed/${folder}/hls_${name}/${segmentName(version, index)}`,
  cover: (folder: VideoFolder) => `processed/${folder}/cover.jpg`,
  storyboardSprite: (folder: VideoFolder) => `processed/${folder}/storyboard.jpg`,
  storyboard: (folder: VideoFolder) => `processed/${folder}/storyboard.vtt`,
} as const;

/** Whether an object is written once and never again: segments, inits and pictures. Playlists are not. */
export function isImmutable(key: string): boolean {
  return /^processed\/.+\.(m4s|mp4|jpg)$/.test(key);
}

export function initName(version: number): string {
  return `init_${version}.mp4`;
}

export function segmentName(version: number, index: number): string {
  return `seg_${version}_${String(index).padStart(5, '0')}.m4s`;
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
