import { isCertificateError } from '@reelmill/shared/runtime/certificateErrors.ts';
import { ConfigError } from '@reelmill/shared/runtime/config.ts';
import { reasonOf } from '@reelmill/shared/runtime/dependencies.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { BaseError, ConnectionError } from 'sequelize';
import { isConnectionLoss } from './connectionLoss.ts';

/** Error codes of MySQL, MariaDB and the driver after which every further attempt would fail the same way. */
const CONFIG_FAULTS: Readonly<Record<string, string>> = {
  ER_ACCESS_DENIED_ERROR: 'the database rejects this user or password',
  ER_ACCESS_DENIED_NO_PASSWORD_ERROR: 'the database rejects this user or password',
  ER_HOST_NOT_PRIVILEGED: 'the database accepts no connections from this machine',
  ER_ACCOUNT_HAS_BEEN_LOCKED: 'the database has locked this user',
  ER_MUST_CHANGE_PASSWORD: "this user's password has expired",
  ER_NOT_SUPPORTED_AUTH_MODE: 'the database requires another authentication method for this user',
  ER_DBACCESS_DENIED_ERROR: 'there is no such database, or this user may not use it',
  ER_BAD_DB_ERROR: 'there is no such database; create it, or correct its name',
  ER_TABLEACCESS_DENIED_ERROR: 'this user may not change the schema',
  ER_SPECIFIC_ACCESS_DENIED_ERROR: 'this user may not change the schema',
  ER_SECURE_TRANSPORT_REQUIRED: 'the database requires TLS: add ?ssl=true',
  HANDSHAKE_NO_SSL_SUPPORT: 'the database does not support TLS: remove ?ssl=true',
};

/** The driver hides the code of an untrusted certificate. Not one of another time: clocks are corrected. */
const UNTRUSTED = /^(?!.*(?:expired|not yet valid)).*certificate/i;

/**
 * Classifies a failure to open MySQL or MariaDB. Returns `unavailable` where a later attempt may succeed, ConfigError where
 * somebody has to correct the configuration or the database, and the error itself otherwise.
 */
export function classifyOpenFailure(error: unknown): unknown {
  if (!(error instanceof BaseError)) return error;
  const cause = 'original' in error ? error.original : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const untrusted =
    isCertificateError(cause) || (code === 'HANDSHAKE_SSL_ERROR' && UNTRUSTED.test(reasonOf(cause)));
  const fault = untrusted ? 'the certificate of the database is not trusted' : CONFIG_FAULTS[code];
  if (fault !== undefined) return new ConfigError(`DATABASE_URL: ${fault} (${reasonOf(cause)})`);
  if (error instanceof ConnectionError || isConnectionLoss(error)) {
    const message = `The database is not available: ${reasonOf(cause)}`;
    return new ReelmillError('unavailable', message, { cause: error });
  }
  return error;
}
