import { z } from 'zod';

export type Fault = 'media' | 'farm';

/**
 * Every error code that a program may meet in a response of the API, in a task's result or in `video.error`.
 * `status` is the HTTP status of the response; `retryable` is whether the same call may succeed later. `fault` is the cause
 * of a failed task: the media in the file, or the farm (a store, disk, broker or worker that does not work). Without it the
 * cause is not known and may be either.
 */
export const ERROR_CODES = {
  // requests
  validation_failed: { status: 400, retryable: false },
  malformed_json: { status: 400, retryable: false },
  /** A new password that is among the first ones anybody guesses. */
  password_too_weak: { status: 400, retryable: false },
  unauthorized: { status: 401, retryable: false },
  token_expired: { status: 401, retryable: false },
  wrong_credentials: { status: 401, retryable: false },
  refresh_token_invalid: { status: 401, retryable: false },
  refresh_token_reused: { status: 401, retryable: false },
  forbidden: { status: 403, retryable: false },
  registration_closed: { status: 403, retryable: false },
  account_disabled: { status: 403, retryable: false },
  signature_invalid: { status: 403, retryable: false },
  quota_exceeded: { status: 403, retryable: false },
  not_found: { status: 404, retryable: false },
  /** `Allow` lists the methods that exist. */
  method_not_allowed: { status: 405, retryable: false },
  email_taken: { status: 409, retryable: false },
  state_conflict: { status: 409, retryable: false },
  upload_incomplete: { status: 409, retryable: false },
  upload_gone: { status: 409, retryable: false },
  source_gone: { status: 409, retryable: false },
  /** A retention job waits for an administrator, or for a clock that is right. */
  retention_stopped: { status: 409, retryable: false },
  part_size_mismatch: { status: 409, retryable: false },
  size_mismatch: { status: 409, retryable: false },
  checksum_mismatch: { status: 409, retryable: false },
  empty_file: { status: 409, retryable: false },
  too_large: { status: 413, retryable: false },
  unsupported_media_type: { status: 415, retryable: false },
  expectation_failed: { status: 417, retryable: false },
  misdirected_request: { status: 421, retryable: false },
  headers_too_large: { status: 431, retryable: false },
  request_timeout: { status: 408, retryable: true },
  rate_limited: { status: 429, retryable: true },
  too_many_streams: { status: 429, retryable: true },
  internal: { status: 500, retryable: true },
  unavailable: { status: 503, retryable: true, fault: 'farm' },
  insufficient_storage: { status: 507, retryable: true, fault: 'farm' },
  // what a store or a transport may add
  range_not_satisfiable: { status: 416, retryable: false },
  precondition_failed: { status: 412, retryable: false },
  network: { status: 503, retryable: true, fault: 'farm' },
  timeout: { status: 503, retryable: true, fault: 'farm' },
  aborted: { status: 499, retryable: false },
  // what an uploader may add
  duplicate: { status: 409, retryable: false },
  unsupported_file: { status: 422, retryable: false },
  not_a_server: { status: 502, retryable: false },
  /** A page of something on the way, such as the sign-in of a network or a firewall, in place of a response. */
  intercepted: { status: 502, retryable: true },
  certificate_invalid: { status: 502, retryable: false },
  file_unreadable: { status: 422, retryable: false },
  file_changed: { status: 409, retryable: false },
  // media: why a video failed, never retried by itself
  no_video_stream: { status: 422, retryable: false, fault: 'media' },
  not_a_video: { status: 422, retryable: false, fault: 'media' },
  playlist_refused: { status: 422, retryable: false, fault: 'media' },
  unreadable_file: { status: 422, retryable: false, fault: 'media' },
  unsupported_codec: { status: 422, retryable: false, fault: 'media' },
  encrypted: { status: 422, retryable: false, fault: 'media' },
  undecodable: { status: 422, retryable: false, fault: 'media' },
  broken_timestamps: { status: 422, retryable: false, fault: 'media' },
  limits_exceeded: { status: 422, retryable: false, fault: 'media' },
  // tasks: why a unit of work did not finish
  frame_count_mismatch: { status: 500, retryable: false },
  /** The source is another one, further on, than its plan was made for; it is planned again. */
  source_differs: { status: 500, retryable: false },
  encoder_failed: { status: 500, retryable: true },
  // the system ended ffmpeg; worth one more attempt, then it is the file's fault
  program_died: { status: 500, retryable: true },
  stalled: { status: 500, retryable: true },
  time_limit: { status: 500, retryable: true },
  source_unreachable: { status: 503, retryable: true, fault: 'farm' },
  source_changed: { status: 409, retryable: false },
  worker_lost: { status: 500, retryable: true, fault: 'farm' },
  // what a worker wrote is not what its encoder made: nothing of it is published
  output_damaged: { status: 500, retryable: true, fault: 'farm' },
  disk_full: { status: 500, retryable: true, fault: 'farm' },
} as const satisfies Record<string, { status: number; retryable: boolean; fault?: Fault }>;

export type ErrorCode = keyof typeof ERROR_CODES;
type CodeOfFault<F extends Fault> = {
  [C in ErrorCode]: (typeof ERROR_CODES)[C] extends { fault: F } ? C : never;
}[ErrorCode];
export type MediaErrorCode = CodeOfFault<'media'>;
export type FarmErrorCode = CodeOfFault<'farm'>;

/** Returns what caused a failure; null where that is not known. */
export function faultOf(code: ErrorCode): Fault | null {
  const entry = ERROR_CODES[code];
  return 'fault' in entry ? entry.fault : null;
}

/** Whether a failure says that the plan does not fit the source, so that it is planned again. */
export function isPlanMismatch(code: ErrorCode): boolean {
  return code === 'frame_count_mismatch' || code === 'source_differs';
}

const codes = Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]; // Object.keys widens to string[]
export const errorCodeSchema = z.enum(codes).meta({ id: 'ErrorCode' });

/**
 * `error.details` of `quota_exceeded`: bytes of sources, videos, or minutes of video within 24 hours. `used` is without what
 * was asked for; `frees_at` is when there is room again where that comes by itself.
 */
export const quotaExceededSchema = z
  .object({
    what: z.enum(['bytes', 'videos', 'daily_minutes']),
    limit: z.int(),
    used: z.int(),
    asked: z.int(),
    frees_at: z.iso.datetime().optional(),
  })
  .meta({ id: 'QuotaExceeded' });
export type QuotaExceeded = z.infer<typeof quotaExceededSchema>;

/** The body of every response of the API that is not a success. */
export const errorResponseSchema = z
  .object({
    error: z.object({
      code: errorCodeSchema,
      message: z.string(),
      details: z.unknown().optional(),
      request_id: z.string(),
    }),
  })
  .meta({ id: 'ErrorResponse' });
export type ErrorResponse = z.infer<typeof errorResponseSchema>;
