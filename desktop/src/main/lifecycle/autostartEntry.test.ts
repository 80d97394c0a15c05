import assert from 'node:assert/strict';
import { test } from 'node:test';
import { autostartEntry } from './autostartEntry.ts';

function execOf(argv: string[]): string | undefined {
  return /^Exec=(.*)$/m.exec(autostartEntry(argv))?.[1];
}

test('the command stands as one argument each', () => {
  assert.equal(execOf(['/opt/Reel mill/reelmill', '--hidden']), '"/opt/Reel mill/reelmill" "--hidden"');
});

test('what a desktop would read as its own is escaped, for the command line and for the file', () => {
  assert.equal(execOf(['/a"b']), '"/a\\\\"b"');
  assert.equal(execOf(['/a$b']), '"/a\\\\$b"');
  assert.equal(execOf(['/a\\b']), '"/a\\\\\\\\b"');
  assert.equal(execOf(['/100%/x']), '"/100%%/x"');
});
