import type { Chunk, EncodePlan, Rendition } from '@reelmill/shared/contracts/media.ts';
import { decodedVideo } from '../limits/inputBounds.ts';
import { decoderThreads, packetsReadAhead } from '../limits/memoryNeeds.ts';
import { encodeGraph } from '../pictures/filterGraph.ts';
import { pictureInputArgs } from '../pictures/uprightFilters.ts';
import { BARE_OUTPUT_ARGS, GENERAL_ARGS } from '../programs/ffmpegArgs.ts';
import { hlsArgs } from '../segments/hlsArgs.ts';
import { inputArgs, type SourceInput } from '../source/inputGuard.ts';
import { type PreRoll, seekSeconds } from '../timing/preRoll.ts';

export interface EncodeRun extends SourceInput {
  plan: Pick<EncodePlan, 'facts' | 'segmentFrames'>;
  chunk: Chunk;
  renditions: readonly Rendition[];
  threads: number;
  preRoll: PreRoll;
}

/**
 * The one ffmpeg run of an encode task, relative to the task's folder: decodes the chunk once and writes every
 * rendition as HLS segments of fragmented MP4 into a folder of its quality's name. Timestamps are the whole video's,
 * whichever chunk this is, and the init segments of all chunks are equal.
 */
export function encodeArgs(run: EncodeRun): string[] {
  const { facts } = run.plan;
  return [
    ...GENERAL_ARGS,
    // how much of a source cannot be decoded says nothing: what comes out is counted
    ...['-max_error_rate', '1'],
    ...['-filter_complex_threads', String(run.threads)],
    ...chunkInputArgs(run),
    ...['-filter_complex', encodeGraph(facts, run.chunk, run.renditions, run.preRoll)],
    ...run.renditions.flatMap((rendition, index) => renditionArgs(run, rendition, index)),
  ];
}

/** Reads the source from where the chunk's first frame can be decoded, in the source's own time. */
export function chunkInputArgs(run: Omit<EncodeRun, 'renditions'>): string[] {
  const { facts } = run.plan;
  return [
    '-copyts',
    ...seekArgs(run),
    ...pictureInputArgs(facts),
    ...['-threads', String(decoderThreads(facts.video, run.threads))],
    // read ahead in a thread of its own: encoders must not wait for the network
    ...['-thread_queue_size', String(packetsReadAhead(facts.video))],
    ...inputArgs(run, facts.demuxer, decodedVideo(facts)),
  ];
}

/** In the source's own time; decoding begins at the keyframe before, and the fps filter drops what is early. */
function seekArgs({ plan, chunk, preRoll }: Pick<EncodeRun, 'plan' | 'chunk' | 'preRoll'>): string[] {
  if (preRoll === null) return [];
  const seconds = seekSeconds(plan.facts, chunk, preRoll);
  return ['-seek_timestamp', '1', '-noaccurate_seek', '-ss', seconds.toFixed(6)];
}

function renditionArgs(run: EncodeRun, rendition: Rendition, index: number): string[] {
  const { plan, chunk, threads } = run;
  const group = String(plan.segmentFrames);
  return [
    ...['-map', `[v${index}]`, ...BARE_OUTPUT_ARGS],
    ...['-frames:v', String(chunk.frameCount), '-fps_mode', 'passthrough'],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-pix_fmt', 'yuv420p'],
    // captions of the source would go along in the bitstream, where no playlist names them
    ...['-a53cc', '0', '-crf', String(rendition.crf)],
    ...['-maxrate', String(rendition.maxrate), '-bufsize', String(rendition.bufsize)],
    ...['-g', group, '-keyint_min', group, '-sc_threshold', '0'],
    ...['-threads', String(encoderThreads(threads))],
    ...['-color_range', 'tv', '-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709'],
    // decode times before 0 stay, so that no chunk is shifted against another
    ...['-avoid_negative_ts', 'disabled'],
    ...hlsArgs(rendition.quality, { firstSegment: chunk.firstSegment, cutSeconds: SHORTER_THAN_A_SEGMENT }),
  ];
}

/** x264 hides the latency of its own frames with half as many threads again. */
function encoderThreads(threads: number): number {
  return Math.floor(threads * 1.5);
}

/** Only segments' first frames are keyframes, so the muxer may cut at each. */
const SHORTER_THAN_A_SEGMENT = 0.1;
