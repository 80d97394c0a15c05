import { ERROR_CODES, type ErrorCode, type FarmErrorCode, type MediaErrorCode } from '../contracts/errors.ts';

export interface ReelmillErrorOptions {
  cause?: unknown;
  /** Shown to the caller: which field, which part, what was expected. */
  details?: unknown;
  /** For operators only (for example the last lines of a program's stderr); never sent to a creator. */
  diagnostics?: string;
  /** Overrides the code's own `retryable`. */
  retryable?: boolean;
  retryAfterSeconds?: number;
}

/** The one error class with meaning across modules: `message` is for people, `code` for programs. */
export class ReelmillError extends Error {
  override readonly name = 'ReelmillError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly details: unknown;
  readonly diagnostics: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: ReelmillErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? ERROR_CODES[code].retryable;
    this.details = options.details;
    this.diagnostics = options.diagnostics;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get status(): number {
    return ERROR_CODES[this.code].status;
  }
}

/** The media in the file is why a task failed. Only for what was read whole: a read that broke off is the farm's fault. */
export class MediaFault extends ReelmillError {
  declare readonly code: MediaErrorCode;

  constructor(code: MediaErrorCode, message: string, options: ReelmillErrorOptions = {}) {
    super(code, message, options);
  }
}

/** A store, disk, broker or worker is why a task failed; the file has no part in it. */
export class FarmFault extends ReelmillError {
  declare readonly code: FarmErrorCode;

  constructor(code: FarmErrorCode, message: string, options: ReelmillErrorOptions = {}) {
    super(code, message, options);
  }
}
