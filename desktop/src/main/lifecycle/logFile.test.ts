import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { LogFile } from './logFile.ts';

const folder = mkdtempSync(join(tmpdir(), 'reelmill-log-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('appends to the log of an earlier start', () => {
  const path = join(folder, 'logs', 'added.log');
  for (const line of ['one\n', 'two\n']) {
    const log = new LogFile(path, 1_000);
    log.write(line);
    log.close();
  }
  assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\n');
});

test('rotates between two files of the given size', () => {
  const path = join(folder, 'bounded.log');
  const log = new LogFile(path, 200);
  assert.equal(log.previousPath, join(folder, 'bounded.previous.log'));
  const lines = Array.from({ length: 100 }, (_, number) => `line ${number} ä\n`);
  for (const line of lines) log.write(line);
  log.close();
  for (const one of [path, log.previousPath]) assert.ok(statSync(one).size <= 200, one);
  const kept = readFileSync(log.previousPath, 'utf8') + readFileSync(path, 'utf8');
  assert.ok(kept.endsWith('line 98 ä\nline 99 ä\n'));
  assert.ok(lines.join('').endsWith(kept));
});

test('ignores a log that cannot be written', () => {
  const log = new LogFile(join(folder, 'added.log\0', 'x.log'), 200);
  log.write('lost\n');
  log.close();
});
