/** Keys of a video's objects. `version` is the plan's: a new plan of the same video never meets an old one's segments. */
export const objectKeys = {
  rawPrefix: (videoId: number) => `raw/${videoId}/`,
  processedPrefix: (videoId: number) => `processed/${videoId}/`,
  source: (videoId: number, fileName: string) => `raw/${videoId}/${safeFileName(fileName)}`,
  renditionPrefix: (videoId: number, name: string) => `processed/${videoId}/hls_${name}/`,
  /** `name` is a quality (`720p`) or `audio`. */
  playlist: (videoId: number, name: string) => `processed/${videoId}/hls_${name}/${name}.m3u8`,
  master: (videoId: number) => `processed/${videoId}/master.m3u8`,
  init: (videoId: number, name: string, version: number) =>
    `processed/${videoId}/hls_${name}/${initName(version)}`,
  segment: (videoId: number, name: string, version: number, index: number) =>
    `processed/${videoId}/hls_${name}/${segmentName(version, index)}`,
  cover: (videoId: number) => `processed/${videoId}/cover.jpg`,
  storyboardSprite: (videoId: number) => `processed/${videoId}/storyboard.jpg`,
  storyboard: (videoId: number) => `processed/${videoId}/storyboard.vtt`,
} as const;

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
