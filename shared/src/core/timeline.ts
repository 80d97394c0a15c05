import type { EncodePlan, MediaFacts, Rational } from '../contracts/media.ts';

/** An earlier beginning of the audio up to this is cut off; a longer one is kept under the held first picture. */
const KEPT_LEAD_SECONDS = 0.05;
/** A longer lead than this is a broken timestamp, not an arrangement. */
const MAX_LEAD_SECONDS = 600;
/** A tick of a coarse time base must not cost a whole frame. */
const FRAME_TOLERANCE = 0.05;
/** Samples of a frame of AAC-LC. */
export const AAC_FRAME_SAMPLES = 1024;

type TimelinePlan = Pick<
  EncodePlan,
  'facts' | 'segmentFrames' | 'totalFrames' | 'minSegmentSeconds' | 'audio'
>;
/** Times are sums of fractions. */
const ROUNDING_SECONDS = 1e-6;

/**
 * Where the output's time 0 lies in the source's own time. It is the video's first picture, or whole frames before it
 * when the audio begins earlier, so that frames stay on the source's own grid.
 */
export function originSeconds(facts: MediaFacts): number {
  const { startSeconds, outputFrameRate } = facts.video;
  const lead = leadSeconds(startSeconds, facts.audio?.startSeconds ?? startSeconds);
  if (lead === 0) return startSeconds;
  const frames = Math.ceil((lead * outputFrameRate.num) / outputFrameRate.den - FRAME_TOLERANCE);
  return startSeconds - (frames * outputFrameRate.den) / outputFrameRate.num;
}

/** For how long the first picture is held because the audio begins so much earlier. */
export function leadSeconds(videoStartSeconds: number, audioStartSeconds: number): number {
  const lead = videoStartSeconds - audioStartSeconds;
  return lead <= KEPT_LEAD_SECONDS || lead > MAX_LEAD_SECONDS ? 0 : lead;
}

/** Whole output frames from one time to another, rounded as ffmpeg's fps filter rounds the end of a stream. */
export function framesBetween(fromSeconds: number, toSeconds: number, rate: Rational): number {
  return Math.round(((toSeconds - fromSeconds) * rate.num) / rate.den);
}

/** Time of an output frame on the output's timeline, which begins at 0. */
export function frameSeconds(frame: number, rate: Rational): number {
  return (frame * rate.den) / rate.num;
}

/** Length of the published video. */
export function plannedDurationSeconds(plan: TimelinePlan): number {
  return frameSeconds(plan.totalFrames, plan.facts.video.outputFrameRate);
}

/** Whether a last segment of this length is part of the one before it, where there is one. */
export function isTooShort(plan: Pick<EncodePlan, 'minSegmentSeconds'>, seconds: number): boolean {
  return seconds < (plan.minSegmentSeconds ?? 0) - ROUNDING_SECONDS;
}

/** How many segments every video rendition has. */
export function videoSegmentCount(plan: TimelinePlan): number {
  const { totalFrames, segmentFrames, facts } = plan;
  const begun = segmentsBegun(plan);
  const rest = totalFrames - (begun - 1) * segmentFrames;
  return begun > 1 && isTooShort(plan, frameSeconds(rest, facts.video.outputFrameRate)) ? begun - 1 : begun;
}

/** Length of one video segment: known before it is made, the very last one excepted, which may come out shorter. */
export function videoSegmentSeconds(plan: TimelinePlan, index: number): number {
  const left = plan.totalFrames - index * plan.segmentFrames;
  const isLast = index === videoSegmentCount(plan) - 1;
  const frames = isLast ? left : Math.min(plan.segmentFrames, left);
  return frameSeconds(Math.max(1, frames), plan.facts.video.outputFrameRate);
}

/** As many segments as ffmpeg cuts a video rendition into. */
function segmentsBegun({ totalFrames, segmentFrames }: TimelinePlan): number {
  return Math.ceil(totalFrames / segmentFrames);
}

/** Where segments are cut: the length of a whole video segment in whole microseconds, as ffmpeg's muxer takes it. */
export function segmentCutSeconds(plan: TimelinePlan): number {
  return Math.round(frameSeconds(plan.segmentFrames, plan.facts.video.outputFrameRate) * 1e6) / 1e6;
}

/**
 * Length of one audio segment, the last one excepted. Audio is cut at the first AAC frame at or after the video's
 * cut, so every length is known from the plan.
 */
export function audioSegmentSeconds(plan: TimelinePlan, index: number): number {
  if (plan.audio === null) throw new RangeError('the plan has no audio');
  const { sampleRate } = plan.audio;
  const cut = segmentCutSeconds(plan);
  const aacFrames = (segment: number): number =>
    Math.ceil((segment * cut * sampleRate) / AAC_FRAME_SAMPLES - 1e-9);
  return ((aacFrames(index + 1) - aacFrames(index)) * AAC_FRAME_SAMPLES) / sampleRate;
}

/** How many audio segments there can be at most: sound may last a little longer than the picture. */
export function maxAudioSegments(plan: TimelinePlan): number {
  return segmentsBegun(plan) + 2;
}
