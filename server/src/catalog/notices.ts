import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import type { NoticeCode, NoticeFacts } from '@reelmill/shared/contracts/notices.ts';
import type { Notice } from '@reelmill/shared/contracts/videos.ts';
import type { VideoRow } from '../db/rows.ts';

type Noted = Pick<VideoRow, 'notices'>;
type FactsOf<C extends NoticeCode> = Extract<NoticeFacts, { code: C }>;

/** The text of each notice for the owner of the video. */
const MESSAGES: { [C in NoticeCode]: (facts: FactsOf<C>) => string } = {
  audio_left_out: ({ reason }) => `This video has no sound: ${formatAudioReason(reason)}`,
  audio_repaired: ({ seconds }) =>
    `About ${formatSeconds(seconds)} of audio could not be read and was replaced by silence.`,
  picture_repaired: ({ seconds }) =>
    `About ${formatSeconds(seconds)} of video is missing or damaged; the previous frame is shown instead.`,
  beginning_left_out: ({ seconds }) =>
    `About ${formatSeconds(seconds)} at the beginning has no decodable frame and was skipped.`,
  picture_held: ({ seconds }) =>
    `The video track ends before the audio: the last frame is held for about ${formatSeconds(seconds)}.`,
  size_changes: () => 'The frame size changes during the video; all frames are shown in one size.',
  times_repaired: () => 'Some timestamps in the file were invalid and were repaired.',
  transparency_left_out: () => 'Transparent areas of the file are black in the video.',
  captions_left_out: () => 'The subtitles or captions in the file are not included in the video.',
  audio_tracks_left_out: ({ count }) => `The file has more audio tracks, which are not included: ${count}.`,
  video_tracks_left_out: ({ count }) => `The file has more video tracks, which are not included: ${count}.`,
};

/** Returns the columns of a video with this notice, which replaces an earlier one of the same code. */
export function withNotice({ notices }: Noted, facts: NoticeFacts): { notices: NoticeFacts[] } {
  const others = (notices ?? []).filter(({ code }) => code !== facts.code);
  return { notices: [...others, facts] };
}

/** Like `withNotice`, of several; adds up the seconds of the same code. */
export function withNotices({ notices }: Noted, added: readonly NoticeFacts[]): { notices: NoticeFacts[] } {
  const all = new Map((notices ?? []).map((facts) => [facts.code, facts]));
  for (const facts of added) all.set(facts.code, addUp(all.get(facts.code), facts));
  return { notices: [...all.values()] };
}

/** Returns the columns of a video without the notice of this code. */
export function withoutNotice({ notices }: Noted, code: NoticeCode): { notices: NoticeFacts[] | null } {
  const others = (notices ?? []).filter((notice) => notice.code !== code);
  return { notices: others.length === 0 ? null : others };
}

/** Returns the notices of a video as the API shows them. */
export function serializeNotices({ notices }: Noted): Notice[] {
  return (notices ?? []).map((facts) => ({ ...facts, message: formatNotice(facts) }));
}

function formatAudioReason(reason: ErrorCode): string {
  return reason === 'unsupported_codec' || reason === 'encrypted'
    ? 'its audio format is not supported.'
    : 'the audio in its file could not be decoded.';
}

function formatNotice<C extends NoticeCode>(facts: FactsOf<C>): string {
  // the code selects the message for the type of these facts, which the compiler cannot infer through the union
  const message = MESSAGES[facts.code as C] as (facts: FactsOf<C>) => string;
  return message(facts);
}

/** Each chunk of a video reports its own seconds. */
function addUp(earlier: NoticeFacts | undefined, facts: NoticeFacts): NoticeFacts {
  if (earlier === undefined || !('seconds' in facts) || !('seconds' in earlier)) return facts;
  return { ...facts, seconds: Math.round((earlier.seconds + facts.seconds) * 1000) / 1000 };
}

function formatSeconds(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  return whole === 1 ? 'one second' : `${whole} seconds`;
}
