import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import type { NoticeCode, NoticeFacts } from '@reelmill/shared/contracts/notices.ts';
import type { Notice } from '@reelmill/shared/contracts/videos.ts';
import type { VideoRow } from '../db/rows.ts';

type Noted = Pick<VideoRow, 'notices'>;
type FactsOf<C extends NoticeCode> = Extract<NoticeFacts, { code: C }>;

/** What each notice says to the owner of the video. */
const MESSAGES: { [C in NoticeCode]: (facts: FactsOf<C>) => string } = {
  audio_left_out: ({ reason }) => `This video has no sound: ${whyNoSound(reason)}`,
  audio_repaired: ({ seconds }) =>
    `In this video, ${about(seconds)} of the sound could not be read; there is silence in its place.`,
  picture_repaired: ({ seconds }) =>
    `In this video, ${about(seconds)} of pictures are missing or damaged; the picture before stands in their place.`,
  beginning_left_out: ({ seconds }) =>
    `The beginning, ${about(seconds)}, holds no picture that can be shown, and was left out.`,
  picture_held: ({ seconds }) =>
    `The pictures end before the sound does: the last one stands for ${about(seconds)}.`,
  size_changes: () => 'The size of the pictures changes in the middle; all of them are shown in one size.',
  times_repaired: () => 'The times in the file make no sense in places, and were put in order.',
  transparency_left_out: () => 'What is transparent in the file is black in the video.',
  captions_left_out: () => 'The subtitles or captions in the file are not in the video.',
  audio_tracks_left_out: ({ count }) => `The file holds more sound tracks; ${count} of them cannot be heard.`,
  video_tracks_left_out: ({ count }) => `The file holds more video tracks; ${count} of them cannot be seen.`,
};

/** The columns of a video with this notice, in the place of an earlier one of its code. */
export function withNotice({ notices }: Noted, facts: NoticeFacts): { notices: NoticeFacts[] } {
  const others = (notices ?? []).filter(({ code }) => code !== facts.code);
  return { notices: [...others, facts] };
}

/** As `withNotice`, of several; times and counts of the same code add up. */
export function withNotices({ notices }: Noted, added: readonly NoticeFacts[]): { notices: NoticeFacts[] } {
  const all = new Map((notices ?? []).map((facts) => [facts.code, facts]));
  for (const facts of added) all.set(facts.code, addUp(all.get(facts.code), facts));
  return { notices: [...all.values()] };
}

/** The columns of a video without the notice of this code. */
export function withoutNotice({ notices }: Noted, code: NoticeCode): { notices: NoticeFacts[] | null } {
  const others = (notices ?? []).filter((notice) => notice.code !== code);
  return { notices: others.length === 0 ? null : others };
}

/** The notices of a video as the API shows them. */
export function describeNotices({ notices }: Noted): Notice[] {
  return (notices ?? []).map((facts) => ({ ...facts, message: messageOf(facts) }));
}

function whyNoSound(reason: ErrorCode): string {
  return reason === 'unsupported_codec' || reason === 'encrypted'
    ? 'the format of its sound is not supported.'
    : 'the sound in its file could not be decoded.';
}

function messageOf<C extends NoticeCode>(facts: FactsOf<C>): string {
  // the code of the facts chooses the message of just these facts, which the compiler cannot follow through the union
  const message = MESSAGES[facts.code as C] as (facts: FactsOf<C>) => string;
  return message(facts);
}

/** Chunks of one video tell of their own seconds each. */
function addUp(earlier: NoticeFacts | undefined, facts: NoticeFacts): NoticeFacts {
  if (earlier === undefined || !('seconds' in facts) || !('seconds' in earlier)) return facts;
  return { ...facts, seconds: earlier.seconds + facts.seconds };
}

function about(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  return whole === 1 ? 'about one second' : `about ${whole} seconds`;
}
