import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertStrongPassword } from './passwordPolicy.ts';

const OWNER = { email: 'ann.smith@example.org', nickname: 'Ann the Great' };

test('rejects common passwords in any case and with a suffix', async () => {
  for (const password of [
    'password',
    'PASSWORD',
    'Password1!',
    'qwerty123',
    '12345678',
    '1234567890',
    'iloveyou1',
    'sunshine2024',
    'administrator',
    'changeme',
    'p@ssw0rd',
    ' password ',
    '\u200bpass\u200bword',
    '        ',
    'short        ',
    'a\u200b\u200b\u200b\u200b\u200b\u200b\u200b',
  ]) {
    await assert.rejects(assertStrongPassword(password, OWNER), { code: 'password_too_weak' }, password);
  }
});

test('rejects the owner’s name and address, and repeated characters', async () => {
  for (const password of [
    'ann.smith@example.org',
    'Ann.Smith',
    'ann the great',
    'aaaaaaaa',
    'abababab',
    'xyzxyzxyzx',
    '🎬🎬🎬🎬🎬🎬🎬🎬',
  ]) {
    await assert.rejects(assertStrongPassword(password, OWNER), { code: 'password_too_weak' }, password);
  }
});

test('accepts other passwords', async () => {
  for (const password of [
    'correct horse battery staple',
    'password of ann',
    'tq4mk-x7v9d-2hpnc-wr8eb',
    'a good password',
    '我的密码是很长的一句话',
  ]) {
    await assertStrongPassword(password, OWNER);
  }
});
