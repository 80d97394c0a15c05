import { type ErrorCode, faultOf } from '@reelmill/shared/contracts/errors.ts';

/** Both the file and the farm may be why: the message says what to do, and not that the file is damaged. */
const UNEXPLAINED: Partial<Record<ErrorCode, string>> = {
  frame_count_mismatch:
    'The pictures of this video could not be put together without gaps. Try again; if that does not help, export it ' +
    'again and upload the new file.',
  source_differs:
    'This video changes in the middle in a way that could not be put together. Try again; if that does not help, export it ' +
    'again and upload the new file.',
  encoder_failed: 'This video could not be converted. Try again, or export it in another format.',
  program_died:
    'Converting this video ended unexpectedly twice. Try again; if that does not help, export it again and upload the ' +
    'new file.',
  stalled: 'Converting this video came to a halt more than once. Try again, or export it in another format.',
  time_limit: 'Converting this video took longer than is allowed. Try again, or export it in another format.',
};
const OUR_FAULT = 'Something went wrong on our side while converting this video. Please try again later.';

/**
 * Why a video failed, for its creator. What is wrong with the media was reported by the worker, and is shown only after
 * a second one reported the same; everything else is shown without technical detail, which goes to the diagnostics.
 */
export function creatorMessage(error: { code: ErrorCode; message: string }): string {
  if (faultOf(error.code) === 'media') return error.message;
  return UNEXPLAINED[error.code] ?? OUR_FAULT;
}
