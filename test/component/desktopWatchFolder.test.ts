import assert from 'node:assert/strict';
import { mkdir, open, rename, rm, symlink, utimes } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { FoundFile } from '@reelmill/desktop/main/watchFolder/folderState.ts';
import { ProcessedFiles } from '@reelmill/desktop/main/watchFolder/processedFiles.ts';
import { WatchFolder, type WatchStatus } from '@reelmill/desktop/main/watchFolder/watchFolder.ts';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { grow, makeFile, makeVideo } from '../support/desktopFiles.ts';
import { makeTemporaryFolder, waitFor } from '../support/processes.ts';

const TIMING = { stableMs: 300, growingMs: 300, recordingMs: 300, idleMs: 150, hintMs: 20 };
const logger = createLogger({ level: 'silent', name: 'test' });

interface Watching {
  /** Names of the files that were taken, in their order. */
  taken: string[];
  statuses: WatchStatus[];
  /** Whether the queue takes anything at the moment. */
  queue: { isOpen: boolean };
  watch: WatchFolder;
}

describe('the watch folder', { timeout: 180_000 }, () => {
  let cleanupStack: CleanupStack;
  let root: string;
  let processedFile: string;
  beforeEach(async () => {
    cleanupStack = new CleanupStack();
    const folder = await makeTemporaryFolder('watch');
    cleanupStack.add('folder', () => folder.remove());
    root = path.join(folder.path, 'videos');
    processedFile = path.join(folder.path, 'app', 'taken.json');
    await mkdir(root);
  });
  afterEach(() => cleanupStack.release());

  const at = (...names: string[]): string => path.join(root, ...names);

  /** Watches, and has looked once. */
  async function watch(timing = TIMING): Promise<Watching> {
    const taken: string[] = [];
    const statuses: WatchStatus[] = [];
    const queue = { isOpen: true };
    const watching = new WatchFolder({
      path: root,
      processedFiles: await ProcessedFiles.open(processedFile),
      take: async (files: readonly FoundFile[]) => {
        if (!queue.isOpen) throw new Error('nobody is signed in');
        taken.push(...files.map((file) => path.relative(root, file.path)));
      },
      onStatus: (status) => statuses.push(status),
      logger,
      timing,
    });
    cleanupStack.add('watch', () => watching.close());
    await waitFor('the first look', () => statuses.length > 0);
    return { taken, statuses, queue, watch: watching };
  }

  /** Waits until a file that comes now was taken: whatever was there before has been dealt with by then. */
  async function settle({ taken }: Watching, name: string): Promise<void> {
    await makeVideo(at(name));
    await waitFor(`${name} is taken`, () => taken.includes(name));
  }

  test('adds each new file once, in subfolders too, and ignores those that existed', async () => {
    await makeVideo(at('before.mp4'));
    await makeVideo(at('deep', 'before.mkv'));
    const watching = await watch();
    await makeVideo(at('deep', 'er', 'new.mkv'));
    await makeFile(at('notes.txt'), 'no video');
    await waitFor('the new one is taken', () => watching.taken.length === 1);
    await settle(watching, 'after.mp4');
    await settle(watching, 'last.mp4');
    assert.deepEqual(watching.taken, [path.join('deep', 'er', 'new.mkv'), 'after.mp4', 'last.mp4']);
    assert.deepEqual(watching.statuses, ['watching']);
  });

  test('adds files that arrive during its first scan', async () => {
    const soon = new Date(Date.now() + 60_000);
    await utimes(await makeVideo(at('film.mp4')), soon, soon);
    const watching = await watch();
    await waitFor('the film is taken', () => watching.taken.length === 1);
  });

  test('adds a file that was being written at the first scan, once it is complete', async () => {
    const growing = await makeVideo(at('growing.mp4'));
    const watching = await watch();
    await grow(growing, 1_000);
    await waitFor('the file is taken', () => watching.taken.includes('growing.mp4'));
  });

  test('waits for a file that is still being written', async () => {
    const watching = await watch();
    const growing = await makeVideo(at('growing.mp4'));
    const timer = setInterval(() => void grow(growing, 1_000), TIMING.stableMs / 5);
    try {
      await settle(watching, 'other.mp4');
      await settle(watching, 'another.mp4');
      assert.deepEqual(watching.taken, ['other.mp4', 'another.mp4']);
    } finally {
      clearInterval(timer);
    }
    await waitFor('the file is taken', () => watching.taken.includes('growing.mp4'));
  });

  test('adds a recording once, when its recorder has closed it, however long it pauses', async () => {
    const watching = await watch();
    const recording = await makeVideo(at('recording.mkv'));
    const recorder = await open(recording, 'a');
    try {
      await settle(watching, 'other.mp4');
      await settle(watching, 'another.mp4');
      await recorder.write(Buffer.alloc(1_000));
      await settle(watching, 'third.mp4');
      assert.deepEqual(watching.taken, ['other.mp4', 'another.mp4', 'third.mp4']);
    } finally {
      await recorder.close();
    }
    await waitFor('the recording is taken', () => watching.taken.includes('recording.mkv'));
    await settle(watching, 'last.mp4');
    assert.equal(watching.taken.filter((name) => name === 'recording.mkv').length, 1);
  });

  test('remembers processed files over restarts, and adds those that came meanwhile', async () => {
    const first = await watch();
    await settle(first, 'film.mp4');
    await first.watch.close();
    await makeVideo(at('meanwhile.mp4'));
    const second = await watch();
    await waitFor('what came meanwhile is taken', () => second.taken.length === 1);
    await settle(second, 'next.mp4');
    assert.deepEqual(second.taken, ['meanwhile.mp4', 'next.mp4']);
  });

  test('adds another version of a file, and never a file that is not a video', async () => {
    const watching = await watch();
    const fake = await makeFile(at('fake.mp4'), 'only text');
    const film = await makeVideo(at('film.mp4'));
    await waitFor('the film is taken', () => watching.taken.length === 1);
    await makeVideo(film, 2_000);
    await waitFor('the other version is taken', () => watching.taken.length === 2);
    await settle(watching, 'last.mp4');
    assert.deepEqual(watching.taken, ['film.mp4', 'film.mp4', 'last.mp4']);
    // it may become one
    await makeVideo(fake);
    await waitFor('it is taken', () => watching.taken.includes('fake.mp4'));
  });

  test('adds a file again that the queue did not accept', async () => {
    const watching = await watch();
    watching.queue.isOpen = false;
    await makeVideo(at('film.mp4'));
    const hour = new Date(Date.now() - 3_600_000);
    await utimes(at('film.mp4'), hour, hour);
    await assert.rejects(
      waitFor('nothing', () => watching.taken.length > 0, { timeoutMs: 4 * TIMING.stableMs }),
    );
    watching.queue.isOpen = true;
    await waitFor('the film is taken', () => watching.taken.length === 1);
    await settle(watching, 'last.mp4');
    assert.deepEqual(watching.taken, ['film.mp4', 'last.mp4']);
  });

  test('waits for a folder that is gone, and adds nothing twice when it is back', async () => {
    const watching = await watch();
    await settle(watching, 'film.mp4');
    await rename(root, `${root}-away`);
    await waitFor('the folder is missed', () => watching.statuses.at(-1) === 'missing');
    await rename(`${root}-away`, root);
    await waitFor('the folder is found', () => watching.statuses.at(-1) === 'watching');
    await settle(watching, 'next.mp4');
    assert.deepEqual(watching.taken, ['film.mp4', 'next.mp4']);
    assert.deepEqual(watching.statuses, ['watching', 'missing', 'watching']);
  });

  test('starts with a folder that does not exist yet', async () => {
    await rm(root, { recursive: true });
    const watching = await watch();
    assert.deepEqual(watching.statuses, ['missing']);
    await mkdir(root);
    await waitFor('the folder is found', () => watching.statuses.at(-1) === 'watching');
    await settle(watching, 'film.mp4');
    assert.deepEqual(watching.statuses, ['missing', 'watching']);
  });

  test('reports a folder that cannot be read', async () => {
    await rm(root, { recursive: true });
    // whoever runs the tests may read everything, but nobody gets to the end of this one
    await symlink(root, root);
    const watching = await watch();
    assert.deepEqual(watching.statuses, ['unreadable']);
  });

  test('closes at once, in the middle of its pause', async () => {
    const { watch: watching } = await watch({ ...TIMING, idleMs: 600_000 });
    const startedMs = performance.now();
    await watching.close();
    assert.ok(performance.now() - startedMs < 5_000);
  });
});
