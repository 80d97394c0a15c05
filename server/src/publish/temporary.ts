import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { isConnectionLoss } from '../db/connectionLoss.ts';

/** Whether the same work may succeed later: a dependency is down or busy, and nothing is wrong with the work itself. */
export function isTemporary(error: unknown): boolean {
  return error instanceof ReelmillError ? error.retryable : isConnectionLoss(error);
}
