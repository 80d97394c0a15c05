import { isCertificateError } from '@reelmill/shared/runtime/certificateErrors.ts';
import { ConfigError } from '@reelmill/shared/runtime/config.ts';
import { reasonOf } from '@reelmill/shared/runtime/dependencies.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { BaseError, ConnectionError } from 'sequelize';
import { isConnectionLoss } from './connectionLoss.ts';

/** What MySQL and MariaDB, or the driver, say where every further try would fail in the same way. */
const REFUSALS: Readonly<Record<string, string>> = {
  ER_ACCESS_DENIED_ERROR: 'the database refuses this user or password',
  ER_ACCESS_DENIED_NO_PASSWORD_ERROR: 'the database refuses this user or password',
  ER_HOST_NOT_PRIVILEGED: 'the database takes no connections from this machine',
  ER_ACCOUNT_HAS_BEEN_LOCKED: 'the database has locked this user',
  ER_MUST_CHANGE_PASSWORD: "this user's password has expired",
  ER_NOT_SUPPORTED_AUTH_MODE: 'the database wants another way of login for this user',
  ER_DBACCESS_DENIED_ERROR: 'there is no such database, or this user may not use it',
  ER_BAD_DB_ERROR: 'there is no such database; create it, or mend its name',
  ER_TABLEACCESS_DENIED_ERROR: 'this user may not change the schema',
  ER_SPECIFIC_ACCESS_DENIED_ERROR: 'this user may not change the schema',
  ER_SECURE_TRANSPORT_REQUIRED: 'the database wants TLS: add ?ssl=true',
  HANDSHAKE_NO_SSL_SUPPORT: 'the database has no TLS: leave ?ssl=true out',
};

/** The driver hides the code of a certificate that is refused; one of another time is not meant, for clocks get set. */
const UNTRUSTED = /^(?!.*(?:expired|not yet valid)).*certificate/i;

/**
 * What a failure to open MySQL or MariaDB means: `unavailable` where it may be there later, ConfigError where somebody has
 * to mend the configuration or the database, and the error itself where it has another reason.
 */
export function explainOpenFailure(error: unknown): unknown {
  if (!(error instanceof BaseError)) return error;
  const cause = 'original' in error ? error.original : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const untrusted =
    isCertificateError(cause) || (code === 'HANDSHAKE_SSL_ERROR' && UNTRUSTED.test(reasonOf(cause)));
  const refusal = untrusted ? 'the certificate of the database is not trusted' : REFUSALS[code];
  if (refusal !== undefined) return new ConfigError(`DATABASE_URL: ${refusal} (${reasonOf(cause)})`);
  if (error instanceof ConnectionError || isConnectionLoss(error)) {
    const message = `The database cannot be used now: ${reasonOf(cause)}`;
    return new ReelmillError('unavailable', message, { cause: error });
  }
  return error;
}
