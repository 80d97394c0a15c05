import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { readLines, readTail, TextTail } from './programOutput.ts';

const LIMITS = { maxLineBytes: 8, maxBytes: 100 };

/** What a receiver is called with, in order; a flood is `null`. */
async function linesOf(chunks: readonly (string | Buffer)[], limits = LIMITS): Promise<(string | null)[]> {
  const stream = Readable.from(
    chunks.map((chunk) => Buffer.from(chunk)),
    { objectMode: false },
  );
  const calls: (string | null)[] = [];
  readLines(stream, limits, { onLine: (line) => calls.push(line), onFlood: () => calls.push(null) });
  await new Promise((resolve) => stream.once('close', resolve));
  return calls;
}

test('lines are joined over chunks, whatever ends them', async () => {
  assert.deepEqual(await linesOf(['a\nb', 'c\r\n', '\nlast']), ['a', 'bc', '', 'last']);
  const [first, second] = [Buffer.from('ü\n').subarray(0, 1), Buffer.from('ü\n').subarray(1)];
  assert.deepEqual(await linesOf([first, second]), ['ü']);
  assert.deepEqual(await linesOf(['12345678\n']), ['12345678']);
  assert.deepEqual(await linesOf([]), []);
});

test('a line over its limit floods once, and nothing follows it', async () => {
  assert.deepEqual(await linesOf(['ok\n123456789\nmore\n', 'x\n']), ['ok', null]);
  assert.deepEqual(await linesOf(['1234', '5678', '9', '0\n']), [null]);
});

test('an output over its limit floods once, however short its lines are', async () => {
  const calls = await linesOf(Array.from({ length: 60 }, () => 'a\n'));
  assert.equal(calls.length, 51);
  assert.equal(calls.at(-1), null);
});

test('a line without an end is not joined beyond its limit', async () => {
  const chunk = Buffer.alloc(1024 * 1024, 'x');
  // more characters than a string may have
  const endless = Readable.from(
    Array.from({ length: 600 }, () => chunk),
    { objectMode: false },
  );
  let floods = 0;
  readLines(
    endless,
    { maxLineBytes: 4 * chunk.length, maxBytes: Number.MAX_SAFE_INTEGER },
    { onLine: () => assert.fail('no line has ended'), onFlood: () => floods++ },
  );
  await new Promise((resolve) => endless.once('close', resolve));
  assert.equal(floods, 1);
});

test('a tail keeps the end of an output and reports a flood', async () => {
  const stream = Readable.from([Buffer.from('0123456789'), Buffer.from('abc')], { objectMode: false });
  let floods = 0;
  const tail = readTail(stream, { maxCharacters: 4, maxBytes: 100 }, () => floods++);
  await new Promise((resolve) => stream.once('close', resolve));
  assert.equal(tail(), '9abc');
  assert.equal(floods, 0);
  const noisy = Readable.from(
    Array.from({ length: 5 }, () => Buffer.alloc(40, 'n')),
    { objectMode: false },
  );
  readTail(noisy, { maxCharacters: 4, maxBytes: 100 }, () => floods++);
  await new Promise((resolve) => noisy.once('close', resolve));
  assert.equal(floods, 1);
});

test('a text tail puts characters together that arrive in two pieces', () => {
  const tail = new TextTail(3);
  const bytes = Buffer.from('aé');
  tail.push(bytes.subarray(0, 2));
  tail.push(bytes.subarray(2));
  assert.equal(tail.toString(), 'aé');
});
