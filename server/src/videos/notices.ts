import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import type { Notice, NoticeCode, NoticeFacts } from '@reelmill/shared/contracts/videos.ts';
import type { VideoRow } from '../db/rows.ts';

type Noted = Pick<VideoRow, 'notices'>;
type FactsOf<C extends NoticeCode> = Extract<NoticeFacts, { code: C }>;

/** What each notice says to the owner of the video. */
const MESSAGES: { [C in NoticeCode]: (facts: FactsOf<C>) => string } = {
  audio_left_out: ({ reason }) => `This video has no sound: ${whyNoSound(reason)}`,
};

/** The columns of a video with this notice, in the place of an earlier one of its code. */
export function withNotice({ notices }: Noted, facts: NoticeFacts): { notices: NoticeFacts[] } {
  const others = (notices ?? []).filter(({ code }) => code !== facts.code);
  return { notices: [...others, facts] };
}

/** The columns of a video without the notice of this code. */
export function withoutNotice({ notices }: Noted, code: NoticeCode): { notices: NoticeFacts[] | null } {
  const others = (notices ?? []).filter((notice) => notice.code !== code);
  return { notices: others.length === 0 ? null : others };
}

/** The notices of a video as the API shows them. */
export function describeNotices({ notices }: Noted): Notice[] {
  return (notices ?? []).map((facts) => ({ ...facts, message: MESSAGES[facts.code](facts) }));
}

function whyNoSound(reason: ErrorCode): string {
  return reason === 'unsupported_codec' || reason === 'encrypted'
    ? 'the format of its sound is not supported.'
    : 'the sound in its file could not be decoded.';
}
