import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { type BaseError, ConnectionError, DatabaseError, TimeoutError } from 'sequelize';

const LOST =
  /ECONN|EPIPE|ETIMEDOUT|PROTOCOL_CONNECTION_LOST|closed state|SQLITE_BUSY|SHUTDOWN|deadlock|lock wait timeout|disk is full|ER_DISK_FULL|ER_RECORD_FILE_FULL/i;
/** A replica before a failover, or a database in maintenance, is read-only. */
const READ_ONLY = /ER_OPTION_PREVENTS_STATEMENT|ER_READ_ONLY_MODE|ER_CANT_EXECUTE_IN_READ_ONLY/;

/**
 * Whether the database could not be reached, was too busy, had no space or was read-only, so that the same call may
 * succeed later.
 */
export function isConnectionLoss(error: unknown): error is BaseError {
  if (error instanceof ConnectionError || error instanceof TimeoutError) return true;
  if (!(error instanceof DatabaseError)) return false;
  const { original } = error;
  const code = 'code' in original ? String(original.code) : '';
  return LOST.test(`${error.message} ${code}`) || READ_ONLY.test(code);
}

/** Whether the same work may succeed later: a dependency is down or busy, and the work itself is not the cause. */
export function isTemporary(error: unknown): boolean {
  return error instanceof ReelmillError ? error.retryable : isConnectionLoss(error);
}
