import type { Rational, Segment } from '@reelmill/shared/contracts/media.ts';

type ListedSegment = Pick<Segment, 'index' | 'durationSeconds'>;

/** The content of a media playlist; `segments` are contiguous from the first on. */
export interface MediaPlaylist<S extends ListedSegment> {
  segments: readonly S[];
  /** For an EVENT playlist: the longest segment that it will have. Must not change while segments are added. */
  targetSeconds?: number;
  initUri: string;
  segmentUri(segment: S): string;
  type: 'VOD' | 'EVENT';
  /** No segments will follow. */
  ended: boolean;
}

/** Builds a media playlist of fragmented MP4. An EVENT playlist that has not ended starts at its beginning. */
export function mediaPlaylist<S extends ListedSegment>(playlist: MediaPlaylist<S>): string {
  return lines(
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${targetDuration(playlist.segments, playlist.targetSeconds)}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    `#EXT-X-PLAYLIST-TYPE:${playlist.type}`,
    '#EXT-X-INDEPENDENT-SEGMENTS',
    ...(playlist.type === 'EVENT' ? ['#EXT-X-START:TIME-OFFSET=0,PRECISE=YES'] : []),
    `#EXT-X-MAP:URI="${quoted(playlist.initUri)}"`,
    ...playlist.segments.flatMap((segment) => [
      `#EXTINF:${segment.durationSeconds.toFixed(6)},`,
      playlist.segmentUri(segment),
    ]),
    ...(playlist.ended ? ['#EXT-X-ENDLIST'] : []),
  );
}

/** Bit rates are in bits per second; those of a variant include the audio that plays with it. */
export interface MasterPlaylist {
  variants: readonly {
    uri: string;
    bandwidth: number;
    averageBandwidth: number;
    /** RFC 6381, the video's; the audio's is added. */
    codecs: string;
    width: number;
    height: number;
    frameRate: Rational;
  }[];
  audio: { uri: string; codecs: string; channels: number } | null;
}

const AUDIO_GROUP = 'audio';

/** Builds the master playlist: one variant per rendition, in the order of `variants`, all with the same audio rendition. */
export function masterPlaylist({ variants, audio }: MasterPlaylist): string {
  return lines(
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    ...(audio
      ? [
          `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="${AUDIO_GROUP}",NAME="Audio",DEFAULT=YES,AUTOSELECT=YES,` +
            `CHANNELS="${audio.channels}",URI="${quoted(audio.uri)}"`,
        ]
      : []),
    ...variants.flatMap((variant) => [
      `#EXT-X-STREAM-INF:${[
        `BANDWIDTH=${Math.ceil(variant.bandwidth)}`,
        `AVERAGE-BANDWIDTH=${Math.ceil(variant.averageBandwidth)}`,
        `CODECS="${quoted([variant.codecs, ...(audio ? [audio.codecs] : [])].join(','))}"`,
        `RESOLUTION=${variant.width}x${variant.height}`,
        `FRAME-RATE=${(variant.frameRate.num / variant.frameRate.den).toFixed(3)}`,
        ...(audio ? [`AUDIO="${AUDIO_GROUP}"`] : []),
        // otherwise players offer captions that may be embedded in the video stream
        'CLOSED-CAPTIONS=NONE',
      ].join(',')}`,
      variant.uri,
    ]),
  );
}

/** Returns the whole seconds that no rounded segment duration exceeds (RFC 8216, section 4.3.3.1). */
function targetDuration(segments: readonly Pick<Segment, 'durationSeconds'>[], atLeastSeconds = 0): number {
  const longest = segments.reduce((max, { durationSeconds }) => Math.max(max, durationSeconds), 0);
  return Math.max(1, Math.round(Math.max(longest, atLeastSeconds)));
}

/** Bits per second, rounded up. */
export interface Bandwidth {
  peak: number;
  average: number;
}

type SizedSegment = Pick<Segment, 'durationSeconds' | 'sizeBytes'>;
const EMPTY: SizedSegment = { durationSeconds: 0, sizeBytes: 0 };

/**
 * Returns the average of all segments and the peak as RFC 8216, section 4.1, defines it: the highest rate of contiguous
 * segments that last between 0.5 and 1.5 times the target duration. A shorter playlist counts as if it lasted half the
 * target duration.
 */
export function bandwidthOf(segments: readonly SizedSegment[]): Bandwidth {
  const target = targetDuration(segments);
  const shortest = target / 2;
  const all = segments.reduce(joinSizes, EMPTY);
  const average = bitRate({ ...all, durationSeconds: Math.max(all.durationSeconds, shortest) });
  const peak = segments.reduce((max, _, first) => Math.max(max, peakFrom(segments, first, target)), average);
  return { peak: Math.ceil(peak), average: Math.ceil(average) };
}

/** Returns the highest rate of the runs of segments that start with this one; 0 where none is long enough. */
function peakFrom(segments: readonly SizedSegment[], first: number, target: number): number {
  let peak = 0;
  let run: SizedSegment = EMPTY;
  for (let index = first; index < segments.length; index++) {
    run = joinSizes(run, segments[index] ?? EMPTY);
    if (run.durationSeconds > target * 1.5) break;
    if (run.durationSeconds >= target / 2) peak = Math.max(peak, bitRate(run));
  }
  return peak;
}

function joinSizes(one: SizedSegment, other: SizedSegment): SizedSegment {
  return {
    durationSeconds: one.durationSeconds + other.durationSeconds,
    sizeBytes: one.sizeBytes + other.sizeBytes,
  };
}

function bitRate({ sizeBytes, durationSeconds }: SizedSegment): number {
  return (sizeBytes * 8) / durationSeconds;
}

/** Returns the bandwidth of a variant with its audio. */
export function addBandwidth(video: Bandwidth, audio: Bandwidth | null): Bandwidth {
  return { peak: video.peak + (audio?.peak ?? 0), average: video.average + (audio?.average ?? 0) };
}

/** Returns the value of a quoted string. Throws RangeError for quotes and line breaks, which it must not contain. */
function quoted(value: string): string {
  if (/["\r\n]/.test(value)) throw new RangeError('a playlist attribute may not hold quotes or line breaks');
  return value;
}

function lines(...all: string[]): string {
  return `${all.join('\n')}\n`;
}
