import assert from 'node:assert/strict';
import { test } from 'node:test';
import { autostartEntry } from './autostartEntry.ts';

function execOf(argv: string[]): string | undefined {
  return /^Exec=(.*)$/m.exec(autostartEntry(argv))?.[1];
}

test('quotes each argument of the command', () => {
  assert.equal(execOf(['/opt/Reel mill/reelmill', '--hidden']), '"/opt/Reel mill/reelmill" "--hidden"');
});

test('escapes special characters for the command line and for the file', () => {
  assert.equal(execOf(['/a"b']), '"/a\\\\"b"');
  assert.equal(execOf(['/a$b']), '"/a\\\\$b"');
  assert.equal(execOf(['/a\\b']), '"/a\\\\\\\\b"');
  assert.equal(execOf(['/100%/x']), '"/100%%/x"');
});
