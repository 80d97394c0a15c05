import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { OpenedFiles } from './openedFiles.ts';

const logger = createLogger({ level: 'silent', name: 'test' });

test('adds files once, when a session and a page are ready', async () => {
  const files = new OpenedFiles();
  files.offer(['/a.mp4']);
  const added: string[][] = [];
  const shown: number[] = [];
  let ready = false;
  files.connect({
    isReady: () => ready,
    add: async (paths) => {
      added.push([...paths]);
      return { added: ['1'], known: paths.length, refused: [] };
    },
    showResult: ({ known }) => shown.push(known),
    logger,
  });
  files.offer(['/b.mp4']);
  assert.deepEqual(added, []);
  ready = true;
  files.flush();
  files.flush();
  files.offer(['/c.mp4']);
  files.offer([]);
  assert.deepEqual(added, [['/a.mp4', '/b.mp4'], ['/c.mp4']]);
  await new Promise(setImmediate);
  assert.deepEqual(shown, [2, 1]);
});
