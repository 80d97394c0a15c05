import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diedError, hasDied, type ProgramEnd, wasStopped } from './programEnd.ts';

const end = (fields: Partial<ProgramEnd>): ProgramEnd => ({
  exitCode: 0,
  signal: null,
  stderr: '',
  ...fields,
});

test('a program died where a signal of the system ended it, or a launcher says so', () => {
  for (const signal of ['SIGKILL', 'SIGSEGV', 'SIGABRT', 'SIGSYS'] as const) {
    assert.ok(hasDied(end({ exitCode: -1, signal })), signal);
  }
  for (const exitCode of [134, 137, 139]) assert.ok(hasDied(end({ exitCode })), `${exitCode}`);
  for (const exitCode of [0, 1, 187, 234, 255]) assert.ok(!hasDied(end({ exitCode })), `${exitCode}`);
});

test('a program died where it was refused memory and ended by itself', () => {
  const stderr = 'http://x/y.mov: Cannot allocate memory';
  assert.ok(hasDied(end({ exitCode: 1, stderr })));
  assert.ok(hasDied(end({ exitCode: 1, stderr: 'x264 [error]: malloc of size 5123 failed' })));
  assert.ok(!hasDied(end({ exitCode: 0, stderr })), 'it went on without');
  const streams = `Number of streams exceeds max_streams parameter (100)\n${stderr}`;
  assert.ok(!hasDied(end({ exitCode: 1, stderr: streams })), 'a limit of ours');
});

test('a program that a person or a service manager stops has not died', () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    assert.ok(!hasDied(end({ exitCode: -1, signal })), signal);
    assert.ok(wasStopped(end({ exitCode: -1, signal })), signal);
  }
  assert.ok(!wasStopped(end({ exitCode: 255 })));
  const killed = end({ exitCode: -1, signal: 'SIGKILL' });
  assert.ok(wasStopped({ ...killed, ranOutOfMemory: false }));
  assert.ok(hasDied({ ...killed, ranOutOfMemory: true }));
});

test('the error is worth another attempt and has for operators how it ended', () => {
  const error = diedError('ffprobe', end({ exitCode: -1, signal: 'SIGSEGV', stderr: 'last words' }));
  assert.deepEqual([error.code, error.retryable], ['program_died', true]);
  assert.equal(error.diagnostics, 'ffprobe ended with SIGSEGV\nlast words');
});
