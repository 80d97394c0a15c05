import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import type { DesktopApp } from '../support/desktopApp.ts';
import { callMain, rowOf, signIn, waitForOnline } from '../support/desktopPages.ts';
import { type DesktopWorld, openDesktopWorld } from '../support/desktopWorld.ts';
import { makeFilm } from '../support/films.ts';
import { packApp, startPackagedApp } from '../support/packagedApp.ts';

const FUSE_MARK = Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX');
const FUSES = [
  'runAsNode',
  'cookieEncryption',
  'nodeOptions',
  'inspect',
  'asarIntegrity',
  'onlyAsar',
  'ownSnapshot',
  'fileProtocolPrivileges',
] as const;

/** Elsewhere these lie in other files. */
const notOnLinux = process.platform === 'linux' ? false : 'only looked at on Linux';

describe('the packed desktop app', { timeout: 600_000 }, () => {
  const cleanupStack = new CleanupStack();
  let world: DesktopWorld;
  let executable: string;

  before(async () => {
    world = await openDesktopWorld();
    cleanupStack.add('world', () => world.stop());
    executable = await packApp(path.join(world.folder, 'out'));
  });
  after(() => cleanupStack.release());

  async function start(): Promise<DesktopApp> {
    const app = await startPackagedApp(executable, { dataDir: world.dataOf('packed'), screen: world.screen });
    cleanupStack.add('app', () => app.kill());
    return app;
  }

  test('it starts, signs in, uploads, and finds its session again', async () => {
    const creator = await world.signUp('creator');
    const film = await makeFilm(world.folder, { seconds: 2, size: '320x180' });
    const first = await start();
    await signIn(first.page, world.server.url, creator);
    await first.drop([film]);
    await waitForOnline(first.page, 'film.mp4');
    assert.deepEqual(first.complaints, []);
    const ended = first.waitForExit();
    await first.close();
    assert.deepEqual(await ended, { code: 0, signal: null });

    const second = await start();
    await rowOf(second.page, 'film.mp4', 'Online').waitFor();
    assert.deepEqual(await callMain(second.page, 'updates.get'), {
      status: 'off',
      version: null,
      message: null,
    });
    await second.close();
  });

  test('its fuses are set', { skip: notOnLinux }, async () => {
    assert.deepEqual(await readFuses(executable), {
      runAsNode: '0',
      cookieEncryption: '1',
      nodeOptions: '0',
      inspect: '0',
      asarIntegrity: '1',
      onlyAsar: '1',
      ownSnapshot: '0',
      fileProtocolPrivileges: '0',
    });
  });

  test('nothing but the built app is in it', async () => {
    const resources = path.join(
      path.dirname(executable),
      process.platform === 'darwin' ? '../Resources' : 'resources',
    );
    const archive = path.join(resources, 'app.asar');
    assert.ok((await stat(archive)).size < 12 * 1024 * 1024);
    const head = (await readFile(archive)).subarray(0, 64 * 1024).toString('latin1');
    assert.match(head, /"main\.js".*"main\.js\.licenses\.md"/);
    assert.doesNotMatch(head, /"node_modules"|"src"|\.map"/);
  });
});

/** What is written behind a mark in Electron's executable: a version, a count, and a digit for each fuse. */
async function readFuses(executable: string): Promise<Record<string, string>> {
  const bytes = await readFile(executable);
  const at = bytes.indexOf(FUSE_MARK) + FUSE_MARK.length;
  assert.ok(at >= FUSE_MARK.length && bytes[at] === 1, 'the fuses are where they should be');
  return Object.fromEntries(
    FUSES.map((name, index) => [name, String.fromCharCode(bytes[at + 2 + index] ?? 0)]),
  );
}
