import type { ClosedHole, Rational } from '@reelmill/shared/contracts/media.ts';
import { MediaFault } from '@reelmill/shared/runtime/errors.ts';
import { MEDIA_LIMITS } from '../limits/mediaLimits.ts';
import type { DecodedFrames } from '../probe/probeSchema.ts';
import type { Hole, PacketStats } from '../timing/packetStats.ts';
import type { Timing } from './inspectTiming.ts';
import type { SelectedStreams } from './selectStreams.ts';

/** A last packet that claims to be shown for longer has a broken duration, unless others are or there is sound. */
const MAX_LAST_FRAME_SECONDS = 60;
/** Containers round ends, and encoders of sound fill up their last frame. */
const SAME_END_SECONDS = 1;
/** No packet of sound lasts longer. */
const MAX_LAST_SOUND_SECONDS = 1;
/** Packed bitstreams may begin with a picture more that is not there. */
const MISSING_PICTURES = 1.5;
/** Times are rounded to microseconds, or to a tick of a container. */
const TICK_SECONDS = 0.001;
/** Of one hole in picture and sound, the two begin and end no further apart than this. */
const SAME_PLACE_SECONDS = 2;

/** Which part of a source is shown. Times are in seconds, and the source's own. */
export interface Extent {
  /** Of the first picture that can be decoded. */
  startSeconds: number;
  /** Without what is left out. */
  durationSeconds: number;
  /** How much later than that pictures come out of the decoder, which does not know when they are shown. */
  reorderSeconds: number;
  /** For how long the last picture is shown behind its own frame. */
  heldSeconds: number;
  /** For how much longer than any other that is, because there is sound; 0 where it is usual. */
  outlastedSeconds: number;
  /** Of the beginning, for want of a picture to show. */
  leftOutSeconds: number;
  closedHoles: ClosedHole[];
}

export type ExtentFindings = Pick<Timing, 'head' | 'tail' | 'sound'> & {
  streams: SelectedStreams;
  frames: DecodedFrames;
};

/** By the packets; of the header only what they do not say. Throws `broken_timestamps` or `limits_exceeded`. */
export function extentOf(findings: ExtentFindings, rate: Rational): Extent {
  const { head, tail, sound, streams } = findings;
  const frame = rate.den / rate.num;
  const { firstPts } = head;
  const { lastPts } = tail;
  if (firstPts === null || lastPts === null || lastPts < firstPts) {
    throw new MediaFault('broken_timestamps', 'The times of the pictures in this file make no sense.');
  }
  if (head.backwardJumps > 0) throw jumpingTimes();
  const reorderSeconds = reorderSecondsOf(findings, frame);
  const startSeconds = firstShown(findings, frame, reorderSeconds) ?? firstPts;
  const holes = sound === null ? [] : findHolesOfBoth(head.holes, sound.holes);
  // what lies before the first picture is not shown anyway
  const closedHoles = holes.filter(({ atSeconds }) => atSeconds > startSeconds);
  const soundEnd = endOfSound(sound, lastPts + frame);
  const pictureEnd = lastPts + lastFrameSeconds(findings, frame, soundEnd);
  const isOutlasted = soundEnd > pictureEnd + SAME_END_SECONDS;
  const end = isOutlasted ? soundEnd : pictureEnd;
  const durationSeconds = end - startSeconds - closedHoles.reduce((sum, { seconds }) => sum + seconds, 0);
  if (durationSeconds > MEDIA_LIMITS.durationSeconds) {
    throw new MediaFault(
      'limits_exceeded',
      `The video is longer than ${MEDIA_LIMITS.durationSeconds / 3600} hours.`,
    );
  }
  const held = end - lastPts - frame;
  const unusual = end - lastPts - Math.max(frame, head.longestGap, tail.longestGap);
  const isUnusual = unusual > SAME_END_SECONDS && soundEnd > end - SAME_END_SECONDS;
  const beginning = Math.min(firstPts, streams.audio?.start_time ?? firstPts);
  return {
    startSeconds,
    durationSeconds,
    reorderSeconds,
    heldSeconds: held > frame ? held : 0,
    outlastedSeconds: isUnusual ? unusual : 0,
    leftOutSeconds: startSeconds === firstPts ? 0 : startSeconds - beginning,
    closedHoles,
  };
}

/** Null where the first picture can be decoded, or it is not known when the one that can be is shown. */
function firstShown(
  { head, tail, frames }: ExtentFindings,
  frame: number,
  reorderSeconds: number,
): number | null {
  const times = timesOf(frames).map((time) => time - reorderSeconds);
  const isStray = (time: number): boolean =>
    head.strayTimes.some((stray) => Math.abs(stray - time) < TICK_SECONDS);
  const shown = Math.min(...times.filter((time) => !isStray(time)));
  const isLater = shown > (head.firstPts ?? 0) + 1.5 * frame;
  return isLater && shown <= (tail.lastPts ?? 0) ? shown : null;
}

/** In the order of decoding, picture n is shown at the time of packet n; the decoder gives it that of a later packet. */
function reorderSecondsOf({ head, frames, streams }: ExtentFindings, frame: number): number {
  const first = Math.min(...timesOf(frames));
  if (!head.areDecodeTimes || head.firstPts === null || first === Number.POSITIVE_INFINITY) return 0;
  const held = streams.video.has_b_frames ?? 0;
  const delay = first - head.firstPts;
  // later pictures are the first ones that can be decoded
  const isFirst = delay <= (held + MISSING_PICTURES) * frame;
  return held === 0 ? 0 : Math.max(0, isFirst ? delay : held * frame);
}

function timesOf(frames: DecodedFrames): number[] {
  return frames.flatMap(({ best_effort_timestamp_time: time }) => (time === null ? [] : [time]));
}

/**
 * Neither picture nor sound: a clock that jumped, or a recorder that was stopped. Both stop and go on at the same time
 * then; slides that follow each other in silence do not.
 */
function findHolesOfBoth(pictures: readonly Hole[], sounds: readonly Hole[]): ClosedHole[] {
  const near = (a: number, b: number): boolean => Math.abs(a - b) <= SAME_PLACE_SECONDS;
  const holes = pictures.flatMap((picture) => {
    const sound = sounds.find(({ from, to }) => near(from, picture.from) && near(to, picture.to));
    if (sound === undefined) return [];
    const [from, to] = [Math.max(picture.from, sound.from), Math.min(picture.to, sound.to)];
    return [{ atSeconds: (from + to) / 2, seconds: to - from }];
  });
  if (holes.length > MEDIA_LIMITS.closedHoles) throw jumpingTimes();
  return holes;
}

/** The film is over where both have ended, whatever comes after a hole. `-Infinity` without sound. */
function endOfSound(sound: PacketStats | null, pictureEnd: number): number {
  if (sound === null || sound.lastPts === null) return Number.NEGATIVE_INFINITY;
  const hole = sound.holes.find(({ from }) => from >= pictureEnd - SAME_PLACE_SECONDS);
  return hole?.from ?? sound.lastPts + Math.min(sound.lastDuration ?? 0, MAX_LAST_SOUND_SECONDS);
}

function lastFrameSeconds({ head, tail, streams }: ExtentFindings, frame: number, soundEnd: number): number {
  const stated = tail.lastDuration ?? (tail.count === 1 ? streams.video.duration : null);
  const longestGap = Math.max(head.longestGap, tail.longestGap);
  const longest = Math.max(MAX_LAST_FRAME_SECONDS, 2 * longestGap, soundEnd + frame - (tail.lastPts ?? 0));
  // some containers write a tick where they do not know
  if (stated !== null && stated >= frame / 2 && stated <= longest) return stated;
  // of a slide without a length, all that is known is what is heard with it
  return longestGap > SAME_END_SECONDS ? Math.max(frame, soundEnd - (tail.lastPts ?? 0)) : frame;
}

function jumpingTimes(): MediaFault {
  return new MediaFault(
    'broken_timestamps',
    'The times of the pictures in this file jump; exporting the video again should help.',
  );
}
