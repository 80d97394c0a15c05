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

test('rejects a login where a whole queue waits already, and takes the next one after it', async () => {
  const cheapHash = `scrypt$1$8$1$${'A'.repeat(22)}$${'A'.repeat(43)}`;
  const outcomes = await Promise.allSettled(Array.from({ length: 70 }, () => verifyPassword('x', cheapHash)));
  const codes = outcomes.map((outcome) =>
    outcome.status === 'rejected' ? outcome.reason.code : outcome.value,
  );
  assert.deepEqual(codes, [...new Array(66).fill(false), ...new Array(4).fill('rate_limited')]);
  assert.equal(await verifyPassword('x', cheapHash), false);
});
