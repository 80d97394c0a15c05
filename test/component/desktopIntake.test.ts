import assert from 'node:assert/strict';
import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { inspectFiles, type OfferedFile } from '@reelmill/desktop/main/queue/inspectFiles.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { makeFile, makeVideo } from '../support/desktopFiles.ts';
import { makeTemporaryFolder, startProcess, type TemporaryFolder } from '../support/processes.ts';

const PNG = Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR', 'latin1');

describe('files and folders that are added', () => {
  let folder: TemporaryFolder;
  before(async () => {
    folder = await makeTemporaryFolder('intake');
  });
  after(() => folder.remove());

  const at = (...names: string[]): string => path.join(folder.path, ...names);

  async function offer(...paths: string[]): Promise<OfferedFile[]> {
    const offered: OfferedFile[] = [];
    for await (const batch of inspectFiles(paths, new AbortController().signal)) offered.push(...batch);
    return offered;
  }

  function namesOf(offered: readonly OfferedFile[], root: string): string[] {
    return offered.map((file) => path.relative(root, file.path).split(path.sep).join('/'));
  }

  test('accepts videos with their size, and rejects everything else with the reason', async () => {
    const video = await makeVideo(at('kinds', 'film.mp4'), 5_000);
    const picture = await makeFile(at('kinds', 'poster.png'), PNG);
    const fake = await makeFile(at('kinds', 'fake.mp4'), 'This is only text.\n');
    const empty = await makeFile(at('kinds', 'empty.mkv'), '');
    const download = await makeVideo(at('kinds', 'big.mp4.crdownload'));
    const missing = at('kinds', 'gone.mp4');
    const offered = await offer(video, picture, fake, empty, download, missing);
    assert.deepEqual(offered[0], { path: video, sizeBytes: 5_000, refused: null });
    assert.deepEqual(
      offered.slice(1).map(({ path: file, refused }) => [file, refused?.path, refused?.code, refused?.kind]),
      [
        [picture, picture, 'unsupported_file', 'picture'],
        [fake, fake, 'unsupported_file', 'text'],
        [empty, empty, 'empty_file', undefined],
        [download, download, 'unsupported_file', 'unfinishedDownload'],
        [missing, missing, 'file_unreadable', undefined],
      ],
    );
    assert.equal(offered[1]?.refused?.message, 'This is a picture, not a video.');
    assert.equal(offered[5]?.refused?.message, 'There is no such file.');
  });

  test('walks a folder and its subfolders in natural order', async () => {
    const root = at('tree');
    for (const name of ['10.mp4', '9.mp4', 'b/c/deep.mkv.mp4', 'a/one.mov', 'A2.mp4'])
      await makeVideo(path.join(root, name));
    for (const name of ['readme.txt', '.hidden.mp4', '.trash/old.mp4', '__MACOSX/x.mp4', 'cover.png']) {
      await makeVideo(path.join(root, name));
    }
    const offered = await offer(root);
    assert.deepEqual(namesOf(offered, root), ['9.mp4', '10.mp4', 'A2.mp4', 'a/one.mov', 'b/c/deep.mkv.mp4']);
    assert.ok(offered.every(({ refused }) => refused === null));
  });

  test('links are followed, and loops are not', async () => {
    const root = at('links');
    const outside = at('outside');
    await makeVideo(path.join(root, 'film.mp4'));
    await makeVideo(path.join(outside, 'elsewhere.mp4'));
    await symlink(root, path.join(root, 'again'));
    await symlink(outside, path.join(root, 'outside'));
    await symlink(outside, path.join(root, 'outside-again'));
    await symlink(at('nowhere'), path.join(root, 'broken.mp4'));
    await mkdir(path.join(root, 'deep'));
    await symlink('..', path.join(root, 'deep', 'up'));
    assert.deepEqual(namesOf(await offer(root), root), ['film.mp4', 'outside/elsewhere.mp4']);
  });

  test('rejects false videos in a folder, and skips source code', async () => {
    const root = at('sources');
    await makeFile(path.join(root, 'main.ts'), "import './other.ts';\n");
    await makeFile(path.join(root, 'broken.mp4'), Buffer.alloc(5_000));
    const inFolder = await offer(root);
    assert.deepEqual(namesOf(inFolder, root), ['broken.mp4']);
    assert.equal(inFolder[0]?.refused?.kind, 'unknown');
    const [named] = await offer(path.join(root, 'main.ts'));
    assert.equal(named?.refused?.kind, 'text');
  });

  test('reports a folder without videos', async () => {
    await makeFile(at('empty', 'notes.txt'), 'nothing here');
    const [refused, ...others] = await offer(at('empty'));
    assert.deepEqual(others, []);
    assert.deepEqual([refused?.path, refused?.refused?.kind], [at('empty'), 'emptyFolder']);
  });

  test('rejects a pipe without waiting for it', { timeout: 10_000 }, async () => {
    const pipe = at('pipe.mp4');
    assert.equal((await startProcess('mkfifo', [pipe]).waitForExit()).code, 0);
    const [offered] = await offer(pipe);
    assert.equal(offered?.refused?.code, 'file_unreadable');
  });

  test('yields thousands of files in batches, in their order, without blocking the process', async () => {
    const root = at('many');
    await mkdir(root);
    const files = Array.from({ length: 2_000 }, (_, index) => path.join(root, `${index}.mp4`));
    for (const file of files) await makeVideo(file, 100);
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 1);
    const batches: OfferedFile[][] = [];
    try {
      for await (const batch of inspectFiles([root], new AbortController().signal)) batches.push(batch);
    } finally {
      clearInterval(timer);
    }
    assert.deepEqual(
      batches.flat().map((file) => file.path),
      files,
    );
    assert.ok(Math.max(...batches.map((batch) => batch.length)) <= 64);
    assert.ok(turns >= batches.length, `${turns} turns of the timers in ${batches.length} batches`);
  });

  test('stops when aborted', async () => {
    const controller = new AbortController();
    const reason = new ReelmillError('aborted', 'Signed out.');
    const looking = inspectFiles([at('many')], controller.signal);
    assert.equal((await looking.next()).done, false);
    controller.abort(reason);
    await assert.rejects(looking.next(), reason);
  });
});
