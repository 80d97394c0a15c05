import type { MediaErrorCode } from '@reelmill/shared/contracts/errors.ts';
import { MediaFault, ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { tooLarge, tooManyStreams } from '../limits/limitErrors.ts';

const PLAYLIST_FORMATS = /\[(hls|applehttp|dash|concat|sdp|rtsp|imf|webm_dash_manifest|smil|ismv?)[ ,]/;
/** Newer versions do not take playlists under the name of something else for playlists, but mention them. */
const PASSED_OVER_PLAYLIST = /^Not detecting m3u8\/hls /m;
const PICTURE_FORMATS = /\[(\w+_pipe|image2)[ ,]/;
const NOT_WHITELISTED = /Format not on whitelist/;
const TOO_MANY_STREAMS = /Number of streams exceeds max_streams/;
/** A bound of 1 is that of streams which are not wanted. */
const TOO_LARGE = /Picture size (\d+)x(\d+) exceeds specified max pixel count (?!1,)/;
const UNKNOWN_DECODER = /Decoder \(codec .*\) not found|Decoder not found|Unsupported codec|no decoder/i;

/** Of sound whose channels have no names, or strange ones: which are left and right is not known. */
const UNKNOWN_CHANNELS = /^\[.+\] (?:Rematrix is needed between|Input channel layout .* is not supported)/m;

/*
 * What programs print says nothing about whether their source could be read: the demuxer of a file that ends early prints
 * "Input/output error" or "End of file" just as well. Whether all bytes were delivered, the source's reader knows. Nor does
 * it say anything about the worker's disk: texts of a file are printed too, with line breaks, and may look like any message.
 */

/** What ffmpeg exits with where its decoder refused most packets. */
export const REFUSED_BY_DECODER = 69;

/** Returns what ffprobe's failure to open a file means to the one who uploaded it. `stderr` goes to the diagnostics. */
export function unopenedError(stderr: string): MediaFault {
  if (PASSED_OVER_PLAYLIST.test(stderr)) return playlistRefused(stderr);
  if (NOT_WHITELISTED.test(stderr)) return notAccepted(stderr);
  if (TOO_MANY_STREAMS.test(stderr)) return tooManyStreams(stderr);
  const [, width, height] = TOO_LARGE.exec(stderr) ?? [];
  if (width !== undefined) return tooLarge(Number(width), Number(height), stderr);
  if (/moov atom not found/.test(stderr) && !/low score/.test(stderr)) {
    return permanent(
      'unreadable_file',
      'The file is cut off or was never finished: its index is missing.',
      stderr,
    );
  }
  return permanent('not_a_video', 'The file is not a video, or is damaged beyond reading.', stderr);
}

/** Whether ffmpeg did not know which channels of a sound are left and right. */
export function hasUnknownChannels(stderr: string): boolean {
  return UNKNOWN_CHANNELS.test(stderr);
}

function playlistRefused(stderr: string): MediaFault {
  const message = 'The file is a playlist, not a video; playlists are not accepted.';
  return permanent('playlist_refused', message, stderr);
}

function notAccepted(stderr: string): MediaFault {
  if (PLAYLIST_FORMATS.test(stderr)) return playlistRefused(stderr);
  const message = PICTURE_FORMATS.test(stderr)
    ? 'The file holds pictures without a frame rate, not a video; put them into a container such as MP4.'
    : 'The file is not in a video format that is accepted.';
  return permanent('not_a_video', message, stderr);
}

/** Returns what it means that ffmpeg ended with an error while it was encoding. */
export function failedEncodeError(exitCode: number, stderr: string): ReelmillError {
  if (UNKNOWN_DECODER.test(stderr)) {
    return permanent('unsupported_codec', "The video's format is not supported.", stderr);
  }
  if (hasUnknownChannels(stderr)) {
    return permanent('unsupported_codec', 'The sound has channels that cannot be told apart.', stderr);
  }
  return new ReelmillError('encoder_failed', `ffmpeg ended with exit code ${exitCode}.`, {
    diagnostics: stderr,
  });
}

function permanent(code: MediaErrorCode, message: string, diagnostics: string): MediaFault {
  return new MediaFault(code, message, { diagnostics });
}
