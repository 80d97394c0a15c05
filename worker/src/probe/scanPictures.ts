import { probeMemory } from '../limits/memoryNeeds.ts';
import { TIME_LIMITS } from '../limits/timeLimits.ts';
import { ShapeCollector } from '../pictures/pictureShapes.ts';
import { runProgram } from '../programs/runProgram.ts';
import { type ProbeTarget, probeArgs } from './probe.ts';

const ENTRIES =
  'frame=best_effort_timestamp_time,width,height,sample_aspect_ratio,interlaced_frame:frame_side_data=side_data_type';
/** Codecs that may change the size of a picture that is no keyframe. */
const RESIZING_CODECS: ReadonlySet<string> = new Set(['vp9', 'av1']);

export interface ScanOptions {
  streamIndex: number;
  codec: string;
  /** Also finds sizes that no keyframe has. */
  thorough: boolean;
}

/**
 * Decodes the keyframes of a whole video to find out what its pictures are. Finds nothing where none can be decoded; what
 * is not found here is found while encoding.
 */
export async function scanPictures(
  target: ProbeTarget,
  { streamIndex, codec, thorough }: ScanOptions,
): Promise<ShapeCollector> {
  const collector = new ShapeCollector();
  const every = thorough && RESIZING_CODECS.has(codec);
  await runProgram(
    'ffprobe',
    [
      ...probeArgs(target),
      ...['-select_streams', String(streamIndex), ...(every ? [] : ['-skip_frame', 'nokey'])],
      ...['-show_entries', ENTRIES, '-of', 'compact=p=0', '-i', target.url],
    ],
    {
      signal: target.signal,
      logger: target.logger,
      confinement: target.confinement,
      stallMs: TIME_LIMITS.scanMs,
      timeLimitMs: TIME_LIMITS.scanMs,
      memoryBytes: probeMemory(target.sizeBytes, target.declared),
      onLine(line) {
        collector.add(line);
        return true;
      },
    },
  );
  return collector;
}
