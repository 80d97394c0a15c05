import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { Background } from './background.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reelmill-background-'));
});
after(() => rm(folder, { recursive: true, force: true }));

function closing(facts: { keepInTray: boolean; reachable: boolean; file: string }) {
  const done: string[] = [];
  const background = new Background({
    keepInTray: () => facts.keepInTray,
    isReachable: async () => facts.reachable,
    hide: () => void done.push('hidden'),
    quit: () => void done.push('quit'),
    showHint: () => void done.push('explained'),
    hintShownFile: join(folder, facts.file),
    logger: createLogger({ level: 'silent', name: 'test' }),
  });
  return { background, done };
}

test('hides a closed window, with a hint only the first time', async () => {
  const facts = { keepInTray: true, reachable: true, file: 'once' };
  const first = closing(facts);
  await first.background.enter();
  await first.background.enter();
  const later = closing(facts);
  await later.background.enter();
  assert.deepEqual([...first.done, '|', ...later.done], ['hidden', 'explained', 'hidden', '|', 'hidden']);
});

test('quits with its window where the user wants that or could not bring it back', async () => {
  for (const [keepInTray, reachable] of [
    [false, true],
    [true, false],
  ] as const) {
    const { background, done } = closing({ keepInTray, reachable, file: 'never' });
    assert.equal(await background.isPossible(), false);
    await background.enter();
    assert.deepEqual(done, ['quit']);
  }
});
