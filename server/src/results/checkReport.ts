import type { MediaFacts, RenditionOutput, Segment } from '@reelmill/shared/contracts/media.ts';
import type { TaskResult, TaskSpecOf } from '@reelmill/shared/contracts/tasks.ts';
import { type TaskKeys, taskKeys } from '@reelmill/shared/core/objectKeys.ts';
import { maxAudioSegments } from '@reelmill/shared/core/timeline.ts';
import type { TaskRow } from '../db/rows.ts';

/*
 * What a worker reports ends up in playlists that others play, in links that are signed for others, and in the arguments
 * of other workers' programs. A worker that was taken over may report anything; so whatever the server can know by itself
 * must be as it knows it: the objects of this video and of this task, and no others.
 */

/** RFC 6381, of one codec; it is written into playlists as it is. */
const CODECS = /^[A-Za-z0-9][A-Za-z0-9.]{0,63}$/;
/** Names of demuxers, codecs, pixel formats and colours as ffmpeg has them; they become its arguments. */
const FFMPEG_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.,+-]{0,63}$/;
const MAX_PIXELS_ACROSS = 65_535;
const MAX_DURATION_SECONDS = 30 * 24 * 3600;
/** Segments are a few seconds long; the longest of slow pictures are far below this. */
const MAX_SEGMENT_SECONDS = 600;
/** What a segment may have beyond its cap on bit rate: the first picture, and the container. */
const SPARE_BYTES = 8 * 1024 ** 2;
const SPARE_FACTOR = 4;

/** Why a result cannot be one of this attempt of a task, whose `tag` it is; null where nothing speaks against it. */
export function findFalseReport(
  { spec, videoId, tag }: Pick<TaskRow, 'spec' | 'videoId'> & { tag: string },
  result: TaskResult,
): string | null {
  if (result.kind !== 'inspect' && result.tag !== tag) return 'objects of another attempt';
  switch (result.kind) {
    case 'inspect':
      return checkFacts(result.facts);
    case 'images':
      return spec.kind === 'images'
        ? checkImages(taskKeys(spec.plan.folder ?? videoId, spec.plan.version, tag), result)
        : 'another kind of task';
    case 'encode':
      return spec.kind === 'encode' ? checkEncoded(spec, result.renditions) : 'another kind of task';
    case 'audio':
      if (spec.kind !== 'audio') return 'another kind of task';
      return result.rendition === null ? null : checkAudio(spec, result.rendition);
  }
}

function checkImages(
  { cover, storyboard }: Pick<TaskKeys, 'cover' | 'storyboard'>,
  result: Extract<TaskResult, { kind: 'images' }>,
): string | null {
  if (result.coverKey !== cover) return 'a cover of another name';
  const isExpected = [null, storyboard].includes(result.storyboardKey);
  return isExpected ? null : 'a storyboard of another name';
}

function checkFacts({ demuxer, durationSeconds, video, audio }: MediaFacts): string | null {
  const optional = [video.colorSpace, video.colorPrimaries, video.colorTransfer, audio?.codec ?? null];
  const names = [demuxer, video.codec, video.pixelFormat, ...optional.flatMap((name) => name ?? [])];
  if (!names.every((name) => FFMPEG_NAME.test(name))) return 'a name that ffmpeg has not';
  const sizes = [video.codedWidth, video.codedHeight, video.displayWidth, video.displayHeight];
  if (sizes.some((size) => size > MAX_PIXELS_ACROSS)) return 'a picture of impossible size';
  const durations = [durationSeconds, video.durationSeconds, audio?.durationSeconds ?? 0];
  return durations.some((seconds) => seconds > MAX_DURATION_SECONDS) ? 'an impossible duration' : null;
}

function checkEncoded(
  { plan, chunk, qualities }: TaskSpecOf<'encode'>,
  outputs: readonly RenditionOutput[],
): string | null {
  const made = outputs.map(({ quality }) => quality);
  if (made.length !== qualities.length || qualities.some((quality) => !made.includes(quality))) {
    return 'other renditions than were asked for';
  }
  const end = chunk.firstSegment + chunk.segmentCount;
  for (const output of outputs) {
    const bitrate = plan.renditions.find(({ quality }) => quality === output.quality)?.maxrate ?? 0;
    const fault = checkOutput(output, { first: chunk.firstSegment, end, bitrate });
    if (fault !== null) return fault;
  }
  return null;
}

function checkAudio({ plan }: TaskSpecOf<'audio'>, output: RenditionOutput): string | null {
  if (output.quality !== 'audio') return 'other renditions than were asked for';
  const end = maxAudioSegments(plan);
  return checkOutput(output, { first: 0, end, bitrate: plan.audio?.bitrate ?? 0 });
}

/** `bitrate` is the cap, in bits per second. */
function checkOutput(
  { codecs, initSha256, segments }: RenditionOutput,
  range: { first: number; end: number; bitrate: number },
): string | null {
  if (!CODECS.test(codecs)) return 'codecs that are no name';
  if (initSha256.length > 64) return 'a digest that is none';
  if (new Set(segments.map(({ index }) => index)).size !== segments.length) return 'a segment twice';
  return segments.every((segment) => isPossible(segment, range)) ? null : 'a segment of another task';
}

function isPossible(
  { index, durationSeconds, sizeBytes }: Segment,
  { first, end, bitrate }: { first: number; end: number; bitrate: number },
): boolean {
  const maxBytes = ((bitrate * durationSeconds) / 8) * SPARE_FACTOR + SPARE_BYTES;
  return index >= first && index < end && durationSeconds <= MAX_SEGMENT_SECONDS && sizeBytes <= maxBytes;
}
