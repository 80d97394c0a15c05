import type { TaskResult, TaskSpecOf } from '@reelmill/shared/contracts/tasks.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { TaskContext } from '../context/taskContext.ts';
import { probeMemory } from '../limits/memoryNeeds.ts';
import { runTogether } from '../limits/runTogether.ts';
import { beginsWithHiddenKeyframe, countFirstPackets } from '../probe/packets.ts';
import { decodeFrames, type ProbeTarget } from '../probe/probe.ts';
import type { DecodedFrames, Probe } from '../probe/probeSchema.ts';
import { scanPictures } from '../probe/scanPictures.ts';
import type { SourceInput } from '../source/inputGuard.ts';
import { isElementary } from '../timing/elementaryStream.ts';
import { showsMadeUp } from '../timing/preRoll.ts';
import { findTransparency } from './findTransparency.ts';
import { findCutPicture, readTracks } from './indexTiming.ts';
import { fullScan, inspectTiming } from './inspectTiming.ts';
import { factsFromProbe } from './probeFacts.ts';
import { knownTarget, probeSource } from './probeSource.ts';
import {
  encryptedError,
  type SelectedStreams,
  type StillStreams,
  selectStreams,
  undecodableError,
  videoStreams,
} from './selectStreams.ts';

/** A source up to this size is scanned in full: every packet counts, and it takes a moment only. */
const FULL_SCAN_BYTES = 32 * 1024 * 1024;
const FIRST_PACKETS = '%+#8';
const FIRST_FRAMES = 8;
/** Where some of the first packets are hidden: what is shown first may come behind what is shown later. */
const MORE_PACKETS = '%+#64';
/** A video stream that has no second picture within this is a still beside another that moves. */
const STILL_SECONDS = '%+20';
/** The first pictures, and packets from three places. */
const PROBES_AT_ONCE = 4;

export interface InspectOptions {
  /** Sources up to this size are scanned in full instead of sampled. */
  fullScanBytes?: number;
}

/**
 * Finds out what a source is: by its index and parts of it, or all of it where it is small or `spec.thorough` says so.
 * Throws a permanent media error, in words for the creator, for everything that cannot be published.
 */
export async function runInspect(
  spec: TaskSpecOf<'inspect'>,
  source: SourceInput,
  context: TaskContext,
  options: InspectOptions = {},
): Promise<Extract<TaskResult, { kind: 'inspect' }>> {
  const { sizeBytes } = spec.source;
  if (sizeBytes === 0) throw new ReelmillError('empty_file', 'The file is empty.');
  const { signal, logger, confinement } = context;
  const unknown = { ...source, sizeBytes, demuxer: null, declared: [], signal, logger, confinement };
  const { probe, patches, hidden } = await probeSource(unknown);
  context.onProgress({ done: 300, segmentsDone: 0, speed: null });
  const known = knownTarget(unknown, probe);
  const streams = selectStreams(probe, await findStills(known, probe));
  const tracks = await readTracks(known);
  const cutPicture = findCutPicture(tracks, streams);
  const target = { ...known, cutPicture };
  const thorough = spec.thorough === true;
  const isFullScan = thorough || sizeBytes <= (options.fullScanBytes ?? FULL_SCAN_BYTES);
  const { index: streamIndex, codec_name: codec } = streams.video;
  const [frames, timing, shapes] = await runTogether(
    PROBES_AT_ONCE * probeMemory(target.sizeBytes, target.declared),
    [
      () => decodeFirstShown(target, streams.video),
      () => (isFullScan ? fullScan(target, streams) : inspectTiming(target, probe, streams, tracks)),
      async () => (isFullScan ? scanPictures(target, { streamIndex, codec, thorough }) : null),
    ],
  );
  if (timing.head.encrypted) throw encryptedError();
  if (frames.length === 0) throw undecodableError();
  const read = { probe, streams, frames, shapes, patches, hidden, thorough, cutPicture };
  const found = factsFromProbe({ ...read, ...timing });
  const facts = await findTransparency(target, found, isFullScan);
  context.onProgress({ done: 1000, segmentsDone: 0, speed: null });
  return { kind: 'inspect', facts };
}

/** What a broadcast's first group of pictures lacks, or an edit list hides, may be long. */
async function decodeFirstShown(
  target: ProbeTarget,
  { index, codec_name: codec }: SelectedStreams['video'],
): Promise<DecodedFrames> {
  const few = await decodeFrames(target, index, FIRST_PACKETS, { count: FIRST_FRAMES });
  // with its keyframe hidden, what is shown first is made from it
  const madeUp = showsMadeUp({ video: { codec } }) && !(await beginsWithHiddenKeyframe(target, index));
  const isPart = !madeUp && few.length > 0 && few.length < FIRST_FRAMES;
  const first = isPart ? await decodeFrames(target, index, MORE_PACKETS, { count: FIRST_FRAMES }) : few;
  const shown = madeUp ? sinceKeyframe(first) : first;
  const more = { count: FIRST_FRAMES, keyframesOnly: madeUp };
  const frames = shown.length > 0 ? shown : await decodeFrames(target, index, 'everything', more);
  const found = frames.length > 0 ? frames : few;
  // the times that a bare stream is given mean nothing
  return isElementary(target.demuxer)
    ? found.map((frame) => ({ ...frame, best_effort_timestamp_time: null }))
    : found;
}

/** Without what a decoder made up before its first keyframe. */
function sinceKeyframe(frames: DecodedFrames): DecodedFrames {
  const first = frames.findIndex(({ key_frame }) => key_frame === 1);
  return first < 0 ? [] : frames.slice(first);
}

/** Which video streams hold a single picture. Looked for only where there are several. */
async function findStills(target: ProbeTarget, probe: Probe): Promise<StillStreams> {
  const videos = videoStreams(probe);
  if (videos.length < 2) return new Set();
  const isKnown = videos.every(({ nb_frames }) => nb_frames !== null && nb_frames > 0);
  const counts = isKnown
    ? new Map(videos.map(({ index, nb_frames }) => [index, nb_frames ?? 0]))
    : await countFirstPackets(target, STILL_SECONDS);
  const stills = videos.filter(({ index }) => (counts.get(index) ?? 0) < 2);
  return new Set(stills.map(({ index }) => index));
}
