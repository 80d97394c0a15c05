import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '@reelmill/shared/runtime/config.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { ConnectionError, ConnectionRefusedError, DatabaseError } from 'sequelize';
import { explainOpenFailure } from './openFailure.ts';

const failure = (code: string, message: string): Error => Object.assign(new Error(message), { code });
const refusal = (code: string, message: string): DatabaseError =>
  new DatabaseError(Object.assign(failure(code, message), { sql: 'CREATE TABLE …' }));

test('what may pass by itself is waited for', () => {
  for (const error of [
    new ConnectionRefusedError(failure('ECONNREFUSED', 'connect ECONNREFUSED')),
    new ConnectionError(failure('EAI_AGAIN', 'getaddrinfo EAI_AGAIN mysql')),
    new ConnectionError(failure('ER_CON_COUNT_ERROR', 'Too many connections')),
    new ConnectionError(failure('HANDSHAKE_SSL_ERROR', 'certificate is not yet valid')),
    new ConnectionError(failure('HANDSHAKE_SSL_ERROR', 'read ECONNRESET')),
    // a replica that is about to take over, or maintenance
    refusal('ER_OPTION_PREVENTS_STATEMENT', 'The MariaDB server is running with the --read-only option'),
    refusal('ER_READ_ONLY_MODE', 'Running in read-only mode'),
  ]) {
    const explained = explainOpenFailure(error);
    assert.ok(explained instanceof ReelmillError && explained.code === 'unavailable', error.message);
  }
});

test('what somebody has to mend is told with its setting', () => {
  for (const [code, message] of [
    ['ER_ACCESS_DENIED_ERROR', "Access denied for user 'a'@'b'"],
    ['ER_DBACCESS_DENIED_ERROR', "Access denied for user 'a'@'b' to database 'c'"],
    ['ER_BAD_DB_ERROR', "Unknown database 'c'"],
    ['HANDSHAKE_SSL_ERROR', 'self-signed certificate in certificate chain'],
  ] as const) {
    const explained = explainOpenFailure(new ConnectionError(failure(code, message)));
    assert.ok(explained instanceof ConfigError, code);
    assert.match(explained.message, /^DATABASE_URL: /);
    assert.ok(explained.message.includes(message));
  }
});

test('any other failure stays what it is', () => {
  const error = new DatabaseError(Object.assign(failure('ER_PARSE_ERROR', 'syntax'), { sql: 'SELEC' }));
  assert.equal(explainOpenFailure(error), error);
  const bug = new TypeError('bug');
  assert.equal(explainOpenFailure(bug), bug);
});
