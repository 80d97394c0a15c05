import type { Chunk, MediaFacts } from '@reelmill/shared/contracts/media.ts';
import { frameSeconds, originSeconds } from '@reelmill/shared/core/timeline.ts';

/*
 * A read that begins in the middle is right from the first picture on that its decoder can make whole. That picture may
 * come late: a container without an index lands anywhere, a group of pictures may be a minute long, and a place that the
 * container calls a keyframe may only be one from which pictures recover bit by bit. The rate conversion hides this: it
 * fills the frames before its first picture. So the time of that picture decides whether a chunk begins with pictures of
 * its own, and a read that finds it too late is done again from further back (see `preRollSearch.ts`).
 *
 * H.264 pictures that recover without a keyframe are not always whole when the decoder says so: it may have refused the very
 * first of them for want of a reference. Another recovery repairs that, so such a read begins one group earlier.
 */

/** Seconds before a chunk's first frame at which reading begins; null reads the source from its beginning. */
export type PreRoll = number | null;

type ChunkPlace = Pick<Chunk, 'firstFrame'>;

/** The first step back, where the seek alone did not suffice; each further one is twice as long. */
const FIRST_STEP_SECONDS = 2;
/**
 * More pictures than this are not decoded for nothing, again for every chunk: one chunk for all is cheaper then. Groups of
 * 600 pictures at 5 per second still fit.
 */
const MAX_PRE_ROLL_SECONDS = 256;
/** A picture nearer to the limit than this share of a frame may be rounded to either frame. */
const ROUNDING_FRAMES = 1e-3;
/** Codecs whose decoders show what they make up before their first keyframe; others keep it back. */
const SHOWN_BEFORE_KEYFRAME: readonly string[] = ['hevc', 'vvc', 'mpeg4', 'vc1'];

/** Where a chunk begins in the source's own time. */
export function chunkStartSeconds(facts: MediaFacts, chunk: ChunkPlace): number {
  return originSeconds(facts) + frameSeconds(chunk.firstFrame, facts.video.outputFrameRate);
}

/** What is sought to read a chunk: half a frame less than its start, and its pre-roll before that. In the source's own time. */
export function seekSeconds(facts: MediaFacts, chunk: ChunkPlace, preRollSeconds: number): number {
  return chunkStartSeconds(facts, chunk) - frameSeconds(0.5, facts.video.outputFrameRate) - preRollSeconds;
}

/** How a chunk is read at first; a source of one picture has nothing to seek. */
export function firstPreRoll(facts: MediaFacts, chunk: ChunkPlace): PreRoll {
  if (chunk.firstFrame === 0 || facts.video.singlePicture) return null;
  return withinSource(facts, chunk, facts.preRollSeconds);
}

/** How a chunk is read after it began too late with this one; undefined where there is no other way. */
export function longerPreRoll(facts: MediaFacts, chunk: ChunkPlace, preRoll: PreRoll): PreRoll | undefined {
  if (preRoll === null) return undefined;
  const longer = Math.max(FIRST_STEP_SECONDS, preRoll * 2);
  const next = withinSource(facts, chunk, longer);
  return next === null || next <= MAX_PRE_ROLL_SECONDS ? next : undefined;
}

function withinSource(facts: MediaFacts, chunk: ChunkPlace, preRollSeconds: number): PreRoll {
  return seekSeconds(facts, chunk, preRollSeconds) <= facts.video.startSeconds ? null : preRollSeconds;
}

/** Whether the first picture of a read comes too late for the chunk's first frame; a deinterlacer needs one more before. */
export function isTooLate(facts: MediaFacts, chunk: ChunkPlace, firstPictureSeconds: number): boolean {
  const { outputFrameRate, interlaced } = facts.video;
  const late = firstPictureSeconds - chunkStartSeconds(facts, chunk);
  const allowed = (interlaced ? -0.5 : 0.5) - ROUNDING_FRAMES;
  return late >= frameSeconds(allowed, outputFrameRate);
}

/** Whether a read whose first picture is no keyframe must begin one group of pictures earlier. */
export function needsTwoGroups({ video }: MediaFacts): boolean {
  return video.codec === 'h264';
}

/** Whether pictures before the first keyframe must be dropped, because the decoder shows what it made up. */
export function showsMadeUp({ video }: { video: Pick<MediaFacts['video'], 'codec'> }): boolean {
  return SHOWN_BEFORE_KEYFRAME.includes(video.codec);
}
