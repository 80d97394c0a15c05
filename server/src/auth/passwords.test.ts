import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashPassword, verifyPassword } from './passwords.ts';

test('a password matches its hash, and no other password does', async () => {
  const hash = await hashPassword('correct horse');
  assert.match(hash, /^scrypt\$16\$8\$2\$[\w-]{22}\$[\w-]{43}$/);
  assert.equal(await verifyPassword('correct horse', hash), true);
  assert.equal(await verifyPassword('correct house', hash), false);
});

test('hashing the same password twice returns different hashes', async () => {
  assert.notEqual(await hashPassword('twice'), await hashPassword('twice'));
});

test('a password typed with combining accents is the same password', async () => {
  const hash = await hashPassword('caf\u00e9 olé');
  assert.equal(await verifyPassword('cafe\u0301 olé', hash), true);
});
