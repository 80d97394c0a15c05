import type { Rational, Segment } from '../contracts/media.ts';

type ListedSegment = Pick<Segment, 'index' | 'durationSeconds'>;

/** What a media playlist is built from; `segments` are contiguous from the first on. */
export interface MediaPlaylist<S extends ListedSegment> {
  segments: readonly S[];
  /** Longest segment the whole playlist will have, where it is still growing. Must not change between two versions. */
  targetSeconds?: number;
  initUri: string;
  segmentUri(segment: S): string;
  type: 'VOD' | 'EVENT';
  /** Nothing will follow. */
  ended: boolean;
}

/** Builds a media playlist of fragmented MP4. An EVENT playlist that has not ended starts at its beginning. */
export function mediaPlaylist<S extends ListedSegment>(playlist: MediaPlaylist<S>): string {
  const longest = Math.max(
    playlist.targetSeconds ?? 0,
    ...playlist.segments.map((s) => s.durationSeconds),
    0,
  );
  return lines(
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${Math.max(1, Math.round(longest))}`,
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

/** Builds the master playlist: one variant per rendition, in the order given, all sharing one audio rendition. */
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
        // without it, players offer the captions that a stream may carry within its pictures
        'CLOSED-CAPTIONS=NONE',
      ].join(',')}`,
      variant.uri,
    ]),
  );
}

/** Bits per second, rounded up. */
export interface Bandwidth {
  peak: number;
  average: number;
}

/** The highest rate of any one segment, and the rate of all of them together. */
export function bandwidthOf(segments: readonly Segment[]): Bandwidth {
  let peak = 0;
  let bytes = 0;
  let seconds = 0;
  for (const { sizeBytes, durationSeconds } of segments) {
    peak = Math.max(peak, (sizeBytes * 8) / durationSeconds);
    bytes += sizeBytes;
    seconds += durationSeconds;
  }
  return { peak: Math.ceil(peak), average: seconds > 0 ? Math.ceil((bytes * 8) / seconds) : 0 };
}

/** What a variant needs when its audio plays with it. */
export function addBandwidth(video: Bandwidth, audio: Bandwidth | null): Bandwidth {
  return { peak: video.peak + (audio?.peak ?? 0), average: video.average + (audio?.average ?? 0) };
}

/** A quoted string of a playlist may hold neither quotes nor line breaks. */
function quoted(value: string): string {
  if (/["\r\n]/.test(value)) throw new RangeError('a playlist attribute may not hold quotes or line breaks');
  return value;
}

function lines(...all: string[]): string {
  return `${all.join('\n')}\n`;
}
