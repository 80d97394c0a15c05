import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import type { NoticeFacts } from '@reelmill/shared/contracts/notices.ts';
import type { Probe } from '../probe/probeSchema.ts';
import type { ProbedSource } from './probeSource.ts';
import { decodableAudio, isEncrypted, type SelectedStreams } from './selectStreams.ts';

/** What the owner should know of the sound and the subtitles that are in a file but not published. */
export function trackNotices(
  probe: Probe,
  { audio }: SelectedStreams,
  hidden: ProbedSource['hidden'] = { damaged: 0, unsupported: 0 },
): NoticeFacts[] {
  const hiddenTracks = hidden.damaged + hidden.unsupported;
  const notices: NoticeFacts[] = [];
  if (audio === null) {
    const reason = noSoundReason(probe, hidden);
    if (reason !== null) notices.push({ code: 'audio_left_out', reason });
  } else {
    const count = decodableAudio(probe).length - 1 + hiddenTracks;
    if (count > 0) notices.push({ code: 'audio_tracks_left_out', count });
  }
  if (probe.streams.some(({ codec_type }) => codec_type === 'subtitle')) {
    notices.push({ code: 'captions_left_out' });
  }
  return notices;
}

/** Null where there is no sound in the file. */
function noSoundReason({ streams }: Probe, hidden: ProbedSource['hidden']): ErrorCode | null {
  const tracks = streams.filter(({ codec_type }) => codec_type === 'audio');
  if (tracks.some(isEncrypted)) return 'encrypted';
  if (hidden.damaged > 0) return 'undecodable';
  if (hidden.unsupported > 0) return 'unsupported_codec';
  if (tracks.length === 0) return null;
  // a codec that is known, with nothing that its decoder takes
  return tracks.some(
    ({ codec_name }) => codec_name === undefined || codec_name === 'none' || codec_name === 'unknown',
  )
    ? 'unsupported_codec'
    : 'undecodable';
}
