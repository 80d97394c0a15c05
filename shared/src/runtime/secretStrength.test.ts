import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { findSecretFaults, findWeakness, isPlaceholder } from './secretStrength.ts';

test('what manuals and examples put there is refused, however it is written and however long', () => {
  const placeholders = [
    'change-me',
    'CHANGE_ME_TO_SOMETHING_LONG_AND_RANDOM',
    '<your secret here, please>',
    'replace-this-with-32-random-characters',
    'password',
    'Password1234567890123',
    'guest',
    'minioadmin',
    'super-secret-password',
    'xxxxxxxxxxxxxxxxxxxxxxxx',
  ];
  for (const placeholder of placeholders) {
    assert.equal(findWeakness(placeholder), 'is a placeholder', placeholder);
  }
});

test('short or repetitive secrets are refused', () => {
  assert.equal(findWeakness('k3v9q2'), 'needs at least 16 characters');
  assert.equal(findWeakness('012012012012012012012012'), 'repeats too few characters');
});

test('random secrets and long passphrases pass', () => {
  for (let index = 0; index < 1_000; index += 1) {
    assert.equal(findWeakness(randomBytes(32).toString('hex')), null);
  }
  // not a random one: of many thousand some begin with `xxx` or `todo`
  assert.equal(findWeakness('q9fT-2mZ_Lw0cYx7RkVb4HsN1aJd6GpE'), null);
  assert.equal(findWeakness('correct horse battery staple'), null);
  assert.equal(isPlaceholder('password of the first admin'), false);
});

test('only the secrets of an environment are checked, and they must differ', () => {
  const secret = randomBytes(32).toString('hex');
  assert.deepEqual(
    findSecretFaults({
      PATH: '/bin',
      PASSWORD_RULES: 'guest',
      MYSQL_PASSWORD: secret,
      JWT_SECRET: secret,
      MINIO_ROOT_PASSWORD: 'minioadmin',
      RABBITMQ_SERVER_PASSWORD: '',
      RABBITMQ_WORKER_PASSWORD: randomBytes(32).toString('hex'),
    }),
    [
      'JWT_SECRET is the same as MYSQL_PASSWORD',
      'MINIO_ROOT_PASSWORD is a placeholder',
      'RABBITMQ_SERVER_PASSWORD needs at least 16 characters',
    ],
  );
});
