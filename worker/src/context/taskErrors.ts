import {
  type ErrorCode,
  type FarmErrorCode,
  faultOf,
  type MediaErrorCode,
} from '@reelmill/shared/contracts/errors.ts';
import {
  FarmFault,
  MediaFault,
  ReelmillError,
  type ReelmillErrorOptions,
} from '@reelmill/shared/runtime/errors.ts';

/** Returns an error of the class that belongs to the code. */
export function taskError(
  code: ErrorCode,
  message: string,
  options: ReelmillErrorOptions = {},
): ReelmillError {
  switch (faultOf(code)) {
    case 'media':
      return new MediaFault(code as MediaErrorCode, message, options); // by its fault
    case 'farm':
      return new FarmFault(code as FarmErrorCode, message, options); // by its fault
    case null:
      return new ReelmillError(code, message, options);
  }
}

/** The same error with other diagnostics; it keeps its class. */
export function withDiagnostics(error: ReelmillError, diagnostics: string): ReelmillError {
  return taskError(error.code, error.message, { cause: error, diagnostics, retryable: error.retryable });
}
