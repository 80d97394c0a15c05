import type { MediaFacts } from '@reelmill/shared/contracts/media.ts';
import { decodedVideo } from '../limits/inputBounds.ts';
import { pictureMemory } from '../limits/memoryNeeds.ts';
import { TIME_LIMITS } from '../limits/timeLimits.ts';
import { mayHaveAlpha, pictureInputArgs } from '../pictures/uprightFilters.ts';
import type { ProbeTarget } from '../probe/probe.ts';
import { BARE_OUTPUT_ARGS } from '../programs/ffmpegArgs.ts';
import { runProgram } from '../programs/runProgram.ts';
import { inputArgs } from '../source/inputGuard.ts';

/** As many pictures of a large file are looked at. */
const SAMPLED_PICTURES = 60;
/** Of 255; lossy codecs are not exact. */
const OPAQUE_FROM = 240;
const CLEAR_UP_TO = 16;
/** Codecs that store a fourth byte with every pixel which most programs leave 0. */
const PADDED_CODECS: ReadonlySet<string> = new Set([
  'rawvideo',
  'huffyuv',
  'ffvhuff',
  'msrle',
  'utvideo',
  'lagarith',
]);

interface Alpha {
  min: number;
  max: number;
}

/**
 * Adds to the facts whether parts of the pictures are transparent, where their format has room for that: many files have
 * such a format and are opaque, and some fill it with zeros that mean nothing. `whole`: every picture is looked at.
 */
export async function findTransparency(
  target: ProbeTarget,
  facts: MediaFacts,
  whole: boolean,
): Promise<MediaFacts> {
  if (!mayHaveAlpha(facts.video)) return facts;
  const alpha = await measureAlpha(target, facts, whole);
  if (alpha === null) return facts;
  const unused = alpha.max <= CLEAR_UP_TO && (whole || PADDED_CODECS.has(facts.video.codec));
  const seen = !unused && alpha.min < OPAQUE_FROM;
  const video = { ...facts.video, transparent: !unused && (seen || !whole) };
  if (!seen) return { ...facts, video };
  return { ...facts, video, notices: [...(facts.notices ?? []), { code: 'transparency_left_out' }] };
}

/** The least and the highest alpha of any pixel; null where no picture can be decoded. */
async function measureAlpha(target: ProbeTarget, facts: MediaFacts, whole: boolean): Promise<Alpha | null> {
  const { video, demuxer } = facts;
  const format = `format=${video.pixelFormat.startsWith('yuva') ? 'yuva444p' : 'rgba'}`;
  const keys = ['YMIN', 'YMAX'].map(
    (name) => `metadata=mode=print:key=lavfi.signalstats.${name}:file=-:direct=1`,
  );
  const alpha = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
  await runProgram(
    'ffmpeg',
    [
      ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'warning'],
      // the decoder that knows of it, whether or not there turns out to be any
      ...pictureInputArgs({ ...facts, video: { ...video, transparent: true } }),
      ...['-threads', '1', ...inputArgs(target, demuxer, decodedVideo(facts))],
      ...['-map', `0:${video.streamIndex}`, ...BARE_OUTPUT_ARGS, '-an'],
      ...['-vf', [format, 'alphaextract', 'signalstats', ...keys].join(',')],
      ...(whole ? [] : ['-frames:v', String(SAMPLED_PICTURES)]),
      ...['-f', 'null', '-'],
    ],
    {
      signal: target.signal,
      logger: target.logger,
      confinement: target.confinement,
      stallMs: TIME_LIMITS.probeMs,
      timeLimitMs: TIME_LIMITS.scanMs,
      memoryBytes: pictureMemory(
        { sizeBytes: target.sizeBytes, video, threads: 1 },
        { width: video.codedWidth, height: video.codedHeight, count: 4 },
      ),
      onLine(line) {
        const value = Number(/^lavfi\.signalstats\.Y(?:MIN|MAX)=(\d+)/.exec(line)?.[1] ?? Number.NaN);
        if (Number.isNaN(value)) return true;
        alpha.min = Math.min(alpha.min, value);
        alpha.max = Math.max(alpha.max, value);
        return true;
      },
    },
  );
  return alpha.max >= 0 ? alpha : null;
}
