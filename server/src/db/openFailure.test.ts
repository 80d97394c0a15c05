import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '@reelmill/shared/runtime/config.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { ConnectionError, ConnectionRefusedError, DatabaseError } from 'sequelize';
import { classifyOpenFailure } from './openFailure.ts';

const failure = (code: string, message: string): Error => Object.assign(new Error(message), { code });
const refusal = (code: string, message: string): DatabaseError =>
  new DatabaseError(Object.assign(failure(code, message), { sql: 'CREATE TABLE …' }));

test('a temporary failure is unavailable', () => {
  for (const error of [
    new ConnectionRefusedError(failure('ECONNREFUSED', 'connect ECONNREFUSED')),
    new ConnectionError(failure('EAI_AGAIN', 'getaddrinfo EAI_AGAIN mysql')),
    new ConnectionError(failure('ER_CON_COUNT_ERROR', 'Too many connections')),
    new ConnectionError(failure('HANDSHAKE_SSL_ERROR', 'certificate is not yet valid')),
    new ConnectionError(failure('HANDSHAKE_SSL_ERROR', 'read ECONNRESET')),
    // a replica before a failover, or maintenance
    refusal('ER_OPTION_PREVENTS_STATEMENT', 'The MariaDB server is running with the --read-only option'),
    refusal('ER_READ_ONLY_MODE', 'Running in read-only mode'),
  ]) {
    const classified = classifyOpenFailure(error);
    assert.ok(classified instanceof ReelmillError && classified.code === 'unavailable', error.message);
  }
});

test('a failure that somebody has to correct names its setting', () => {
  for (const [code, message] of [
    ['ER_ACCESS_DENIED_ERROR', "Access denied for user 'a'@'b'"],
    ['ER_DBACCESS_DENIED_ERROR', "Access denied for user 'a'@'b' to database 'c'"],
    ['ER_BAD_DB_ERROR', "Unknown database 'c'"],
    ['HANDSHAKE_SSL_ERROR', 'self-signed certificate in certificate chain'],
  ] as const) {
    const classified = classifyOpenFailure(new ConnectionError(failure(code, message)));
    assert.ok(classified instanceof ConfigError, code);
    assert.match(classified.message, /^DATABASE_URL: /);
    assert.ok(classified.message.includes(message));
  }
});

test('any other failure is returned unchanged', () => {
  const error = new DatabaseError(Object.assign(failure('ER_PARSE_ERROR', 'syntax'), { sql: 'SELEC' }));
  assert.equal(classifyOpenFailure(error), error);
  const bug = new TypeError('bug');
  assert.equal(classifyOpenFailure(bug), bug);
});
