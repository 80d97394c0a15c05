import type { Rendition } from '@reelmill/shared/contracts/media.ts';
import type { NoticeFacts } from '@reelmill/shared/contracts/notices.ts';
import type { TaskResult, TaskSpecOf } from '@reelmill/shared/contracts/tasks.ts';
import type { TaskKeys } from '@reelmill/shared/core/objectKeys.ts';
import { frameSeconds, framesBetween, isTooShort } from '@reelmill/shared/core/timeline.ts';
import { MediaFault, ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { TaskContext } from '../context/taskContext.ts';
import { encodeMemory } from '../limits/memoryNeeds.ts';
import { decodeMs, encodeLimitMs, TIME_LIMITS } from '../limits/timeLimits.ts';
import { isShapeReport } from '../pictures/oneShape.ts';
import { DamageMeter, MARK_LINES } from '../pictures/pictureDamage.ts';
import { failedEncodeError } from '../programs/programErrors.ts';
import { maxFiles, withWorkFolder } from '../scratch/taskFolder.ts';
import { runToSegments, type SegmentRunEnd } from '../segments/segmentRun.ts';
import { shortEndOf } from '../segments/shortEnd.ts';
import type { SourceInput } from '../source/inputGuard.ts';
import type { PreRoll } from '../timing/preRoll.ts';
import { type FragmentInfo, type InitInfo, lastsAsLong } from '../verify/fragments.ts';
import { encodeArgs } from './encodeArgs.ts';
import { PreRollSearch } from './preRollSearch.ts';

type EncodeSpec = TaskSpecOf<'encode'>;

/** Short segments may exceed `maxrate` by their bit reservoir. */
const MAX_BYTES_FACTOR = 3;
const MAX_BYTES_FLOOR = 64 * 1024 * 1024;

/**
 * Makes the segments of one chunk in the task's renditions and stores them. Reads again from further back where the
 * chunk's first frames would have been made up. Throws `frame_count_mismatch` where the chunk does not hold the frames it
 * was planned with, or cannot be read from the middle; `undecodable` where the video holds no picture at all.
 */
export async function runEncode(
  keys: TaskKeys,
  spec: EncodeSpec,
  input: SourceInput,
  context: TaskContext,
): Promise<Extract<TaskResult, { kind: 'encode' }>> {
  const search = new PreRollSearch(spec);
  for (;;) {
    try {
      return await encodeFrom(search, { keys, spec, input, context });
    } catch (error) {
      search.goBack(error);
      const fields = { chunk: spec.chunk.index, pre_roll_seconds: search.preRoll };
      context.logger.info(fields, 'chunk read from further back');
    }
  }
}

interface EncodeTask {
  keys: TaskKeys;
  spec: EncodeSpec;
  input: SourceInput;
  context: TaskContext;
}

/** One run of ffmpeg. Throws an error of `search` where the chunk begins too late. */
async function encodeFrom(
  search: PreRollSearch,
  { keys, spec, input, context }: EncodeTask,
): Promise<Extract<TaskResult, { kind: 'encode' }>> {
  const { plan, chunk } = spec;
  const { preRoll } = search;
  const renditions = plan.renditions.filter((rendition) => spec.qualities.includes(rendition.quality));
  const reading = { sizeBytes: spec.source.sizeBytes, video: plan.facts.video, threads: context.threads };
  const rate = plan.facts.video.outputFrameRate;
  const seconds = frameSeconds(chunk.frameCount, rate);
  const maxBytes = largestOutput(renditions, seconds);
  const limits = { bytes: maxBytes, files: renditions.length * maxFiles(chunk.segmentCount) };
  const early = readEarly(spec, preRoll);
  const damage = new DamageMeter({ seconds, frameSeconds: frameSeconds(1, rate), last: chunk.last });
  let shapeDiffers = false;
  return withWorkFolder(context, limits, async (folder, bound) => {
    const end = await runToSegments({
      args: encodeArgs({ ...input, plan, chunk, renditions, threads: context.threads, preRoll }),
      folder,
      outputs: renditions.map(({ quality: name, width, height }) => ({ name, size: { width, height } })),
      contentType: 'video/mp4',
      keys,
      firstSegment: chunk.firstSegment,
      maxSegments: chunk.segmentCount,
      shortEnd: chunk.last ? shortEndOf(plan, chunk.firstSegment) : null,
      check: (fragment, init, index) => checkFragment(spec, fragment, init, index),
      checkLine: (line) => search.check(line),
      timeLimitMs: encodeLimitMs({ frames: chunk.frameCount + early, source: plan.facts.video, renditions }),
      stallMs: TIME_LIMITS.stallMs + decodeMs(early, plan.facts.video),
      memoryBytes: encodeMemory(reading, renditions),
      maxBytes,
      context: bound,
      unitsOf: (report) => Math.min(report.frame, chunk.frameCount),
      omittedErrors: MARK_LINES,
      onErrorLine(line) {
        shapeDiffers ||= isShapeReport(line);
        damage.push(line);
      },
    });
    if (shapeDiffers) {
      throw new ReelmillError('source_differs', 'The size of the pictures changes in the middle.', {
        diagnostics: `chunk ${chunk.index}: pictures of another shape than the facts say\n${end.stderr}`,
      });
    }
    if (end.exitCode === 0) search.assertSeen();
    const frames = checkOutcome(spec, end);
    const segmentsDone = end.outputs[0]?.segments.length ?? 0;
    // how long the video's last segment is, only the result says
    context.onProgress({
      done: frames,
      segmentsDone: chunk.last ? segmentsDone - 1 : segmentsDone,
      speed: null,
    });
    const notices = pictureNotices(spec, damage);
    return { kind: 'encode', frames, renditions: end.outputs, ...(notices.length > 0 && { notices }) };
  });
}

/** What the owner should know of the pictures: of each chunk once, by the task that makes the first rendition of it. */
function pictureNotices({ plan, qualities }: EncodeSpec, damage: DamageMeter): NoticeFacts[] {
  const [first] = plan.renditions;
  if (damage.seconds === 0 || first === undefined || !qualities.includes(first.quality)) return [];
  return [{ code: 'picture_repaired', seconds: Math.round(damage.seconds * 1000) / 1000 }];
}

/** Output frames whose time is read before the chunk begins, as far as that is asked for. */
function readEarly({ chunk, plan }: EncodeSpec, preRoll: PreRoll): number {
  if (preRoll === null) return chunk.firstFrame;
  return framesBetween(0, preRoll, plan.facts.video.outputFrameRate);
}

/** Every segment begins at its planned frame and, the video's last one excepted, lasts as long as a whole segment. */
function checkFragment(spec: EncodeSpec, fragment: FragmentInfo, init: InitInfo, index: number): void {
  const { plan, chunk } = spec;
  const rate = plan.facts.video.outputFrameRate;
  const expectedStart = frameSeconds(index * plan.segmentFrames, rate);
  const start = fragment.startTicks / init.timescale;
  const last = index === chunk.firstSegment + chunk.segmentCount - 1;
  const complete = fragment.samples === plan.segmentFrames;
  const joinedSeconds = frameSeconds(fragment.samples - plan.segmentFrames, rate);
  const mayEnd = chunk.last && (joinedSeconds < 0 || isTooShort(plan, joinedSeconds));
  const inPlace = Math.abs(start - expectedStart) <= frameSeconds(0.5, rate);
  if (!inPlace || !(complete || last || mayEnd) || !lastsAsLong(fragment, init, rate)) {
    throw new ReelmillError('frame_count_mismatch', 'A segment does not hold the frames it should.', {
      diagnostics: `segment ${index}: ${fragment.samples} frames of ${fragment.durationTicks / init.timescale} s from ${start} s, expected ${plan.segmentFrames} from ${expectedStart} s`,
    });
  }
}

/** The exit code alone says little: what counts is how many frames came out. */
function checkOutcome({ chunk, qualities }: EncodeSpec, end: SegmentRunEnd): number {
  if (end.exitCode !== 0) throw failedEncodeError(end.exitCode, end.stderr);
  const counts = qualities.map(
    (quality) => end.outputs.find((output) => output.quality === quality)?.frames ?? 0,
  );
  const frames = counts[0] ?? 0;
  if (frames === 0 && chunk.firstFrame === 0) {
    throw new MediaFault('undecodable', 'The video is damaged: no picture of it can be decoded.', {
      diagnostics: end.stderr,
    });
  }
  const asPlanned = chunk.last ? frames > 0 && frames <= chunk.frameCount : frames === chunk.frameCount;
  if (!asPlanned || counts.some((count) => count !== frames)) {
    throw new ReelmillError('frame_count_mismatch', 'The video does not hold the frames it announces.', {
      diagnostics: `chunk ${chunk.index}: planned ${chunk.frameCount}, got ${counts.join('/')}\n${end.stderr}`,
    });
  }
  return frames;
}

function largestOutput(renditions: readonly Rendition[], seconds: number): number {
  const bits = renditions.reduce((sum, rendition) => sum + rendition.maxrate, 0) * seconds;
  return MAX_BYTES_FLOOR + (bits / 8) * MAX_BYTES_FACTOR;
}
