import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { updateStateSchema } from '@reelmill/shared/contracts/desktop.ts';
import { Releasers } from '@reelmill/shared/runtime/releasers.ts';
import type { DesktopApp } from '../support/desktopApp.ts';
import { callMain, openView, rowOf, signIn, waitForOnline } from '../support/desktopPages.ts';
import { type DesktopWorld, openDesktopWorld } from '../support/desktopWorld.ts';
import { makeFilm } from '../support/films.ts';
import { packApp, startPackagedApp } from '../support/packagedApp.ts';
import { findFreePort, waitFor } from '../support/processes.ts';

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
  const releasers = new Releasers();
  let world: DesktopWorld;
  let executable: string;

  before(async () => {
    world = await openDesktopWorld();
    releasers.add('world', () => world.stop());
    executable = await packApp(path.join(world.folder, 'out'));
  });
  after(() => releasers.release());

  async function start(): Promise<DesktopApp> {
    const app = await startPackagedApp(executable, { dataDir: world.dataOf('packed'), screen: world.screen });
    releasers.add('app', () => app.kill());
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

  test('it downloads a newer version from the server that it was packed for', {
    skip: notOnLinux,
  }, async () => {
    const resources = path.join(path.dirname(executable), 'resources');
    const updates = await serveUpdate('99.0.0');
    releasers.add('updates', () => updates.close());
    // as electron-builder writes them into a Debian package
    const feed = { provider: 'generic', url: updates.url, updaterCacheDirName: 'reelmill-updater' };
    await writeFile(path.join(resources, 'app-update.yml'), JSON.stringify(feed));
    await writeFile(path.join(resources, 'package-type'), 'deb');
    const { page, kill } = await start();
    await waitFor('the new version is there', async () => {
      const state = updateStateSchema.parse(await callMain(page, 'updates.check'));
      return state.status === 'ready' && state.version === '99.0.0';
    });
    await openView(page, 'Settings');
    await page.getByText('Version 99.0.0 is ready.').waitFor();
    await page.getByRole('button', { name: 'Restart and install' }).waitFor();
    // an orderly end would install it
    await kill();
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

/** A web server with one installer, and the file that describes it. */
async function serveUpdate(version: string): Promise<{ url: string; close(): Promise<void> }> {
  const installer = Buffer.from('not installed in this test');
  const sha512 = createHash('sha512').update(installer).digest('base64');
  const url = `reelmill-${version}.deb`;
  const description = { version, files: [{ url, sha512, size: installer.length }], path: url, sha512 };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://localhost');
    if (pathname === '/latest-linux.yml') response.end(JSON.stringify(description));
    else if (pathname === `/${url}`) response.end(installer);
    else response.writeHead(404).end();
  });
  const port = await findFreePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
