import { ERROR_CODES, type ErrorCode } from '@reelmill/shared/contracts/errors.ts';

const PLACES_OUTSIDE_THE_FILE: Partial<Record<ErrorCode, string>> = {
  frame_count_mismatch:
    'The pictures of this video could not be put together without gaps. Export it again and upload the new file.',
  encoder_failed: 'This video could not be converted. Try again, or export it in another format.',
  program_died:
    'The file made the decoder fail twice; it is damaged, or made to do so. Export it again and upload the new file.',
  stalled: 'Converting this video came to a halt more than once. Try again, or export it in another format.',
  time_limit: 'Converting this video took longer than is allowed.',
};
const OUR_FAULT = 'Something went wrong on our side while converting this video. Please try again later.';
const MEDIA_STATUS = 422;

/**
 * Why a video failed, in a creator's words. What is wrong with the file was said by the worker already; everything
 * else is told without technical detail, which goes to the diagnostics.
 */
export function creatorMessage(error: { code: ErrorCode; message: string }): string {
  if (ERROR_CODES[error.code].status === MEDIA_STATUS) return error.message;
  return PLACES_OUTSIDE_THE_FILE[error.code] ?? OUR_FAULT;
}
