import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { type UpdateState, updateStateSchema } from '@reelmill/desktop/contracts/desktop.ts';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import type { DesktopApp } from '../support/desktopApp.ts';
import { callMain, openView, signIn } from '../support/desktopPages.ts';
import { type DesktopWorld, openDesktopWorld } from '../support/desktopWorld.ts';
import { packApp, startPackagedApp } from '../support/packagedApp.ts';
import { waitFor } from '../support/processes.ts';
import { openUpdateServer, type UpdateServer } from '../support/updateServer.ts';

/** Elsewhere the app is installed in other ways. */
const skip = process.platform === 'linux' ? false : 'only tried on Linux';
const INSTALLED = '0.1.0';

describe('updates of the packed desktop app', { timeout: 900_000, skip }, () => {
  const cleanupStack = new CleanupStack();
  let world: DesktopWorld;
  let updates: UpdateServer;

  before(async () => {
    world = await openDesktopWorld();
    cleanupStack.add('world', () => world.stop());
    updates = await openUpdateServer(path.join(world.folder, 'updates'));
    cleanupStack.add('updates', () => updates.close());
  });
  after(() => cleanupStack.release());

  /** A package that looks for updates at the server of this test. */
  async function pack(name: string, env: Readonly<Record<string, string>>): Promise<string> {
    const executable = await packApp(path.join(world.folder, name), env);
    const resources = path.join(path.dirname(executable), 'resources');
    // as electron-builder writes them into a Debian package
    const feed = `provider: generic\nurl: ${updates.url}\nupdaterCacheDirName: reelmill-${name}\n`;
    await writeFile(path.join(resources, 'app-update.yml'), feed);
    await writeFile(path.join(resources, 'package-type'), 'deb');
    return executable;
  }

  async function start(executable: string, name: string): Promise<DesktopApp> {
    const app = await startPackagedApp(executable, { dataDir: world.dataOf(name), screen: world.screen });
    cleanupStack.add('app', () => app.kill());
    await signIn(app.page, world.server.url, await world.signUp(name));
    return app;
  }

  /** What becomes of the release that is on the server, in an app that was just started. */
  async function outcomeIn(app: DesktopApp): Promise<UpdateState> {
    await callMain(app.page, 'updates.check');
    return waitFor('an outcome', async () => {
      const state = updateStateSchema.parse(await callMain(app.page, 'updates.get'));
      return ['checking', 'downloading'].includes(state.status) ? null : state;
    });
  }

  test('a build with a key installs what is signed with it, and nothing else', async () => {
    const executable = await pack('signed', { REELMILL_UPDATE_KEY: updates.publicKey });
    await updates.release(INSTALLED);
    const app = await start(executable, 'signed');
    assert.equal((await outcomeIn(app)).status, 'idle');

    const refused = { status: 'refused', version: null };
    const isRefused = async (): Promise<void> => {
      const { message, ...state } = await outcomeIn(app);
      assert.deepEqual(state, refused, message ?? '');
    };
    const replaced = async (file: string, from: string, to: string): Promise<void> =>
      writeFile(file, (await readFile(file, 'utf8')).replaceAll(from, to));

    // a description that was changed, with the signature of the one before
    await updates.release('98.0.0', ({ description }) => replaced(description, '98.0.0', '99.0.0'));
    await isRefused();
    // a description without any signature, as every server had it before
    await updates.release('98.0.0', ({ signature }) => rm(signature));
    await isRefused();
    // one that is signed by somebody else
    const stranger = await openUpdateServer(path.join(world.folder, 'stranger'));
    await stranger.release('98.0.0');
    const foreign = await fetch(`${stranger.url}/latest-linux.yml.sig`).then((response) => response.text());
    await stranger.close();
    await updates.release('98.0.0', ({ signature }) => writeFile(signature, foreign));
    await isRefused();
    assert.ok(!updates.asked.some((name) => name.endsWith('.deb')), 'nothing was downloaded');
    // an installer that is not the one whose hash was signed
    await updates.release('98.0.0', ({ installer }) => replaced(installer, 'version', 'malware'));
    await isRefused();
    await openView(app.page, 'Settings');
    await app.page.getByText('without a valid signature').waitFor();

    // an older version that was signed once
    await updates.release('0.0.9');
    assert.deepEqual(await outcomeIn(app), { status: 'idle', version: null, message: null });
    assert.ok(!updates.asked.some((name) => name.endsWith('.deb')), 'nothing was downloaded');

    await updates.release('99.0.0');
    assert.deepEqual(await outcomeIn(app), { status: 'ready', version: '99.0.0', message: null });
    await app.page.getByText('Version 99.0.0 is ready.').waitFor();
    await app.page.getByRole('button', { name: 'Restart and install' }).waitFor();
    // an orderly end would install it
    await app.kill();
  });

  test('a build without a key reports a new version, and downloads nothing', async () => {
    const executable = await pack('unsigned', {});
    await updates.release('99.0.0');
    const app = await start(executable, 'unsigned');
    assert.deepEqual(await outcomeIn(app), { status: 'available', version: '99.0.0', message: null });
    await openView(app.page, 'Settings');
    await app.page.getByText('Version 99.0.0 is available.').waitFor();
    assert.equal(await app.page.getByRole('button', { name: 'Restart and install' }).count(), 0);
    assert.ok(!updates.asked.some((name) => name.endsWith('.deb')), 'nothing was downloaded');
    await app.kill();
  });

  test('the signing tool makes a key that nobody else reads, and never replaces one', async () => {
    const key = path.join(world.folder, 'updates', 'key.pem');
    assert.equal((await stat(key)).mode & 0o777, 0o600);
    const tool = path.resolve(import.meta.dirname, '../../scripts/signUpdates.ts');
    await assert.rejects(promisify(execFile)(process.execPath, [tool, 'keygen', key]), /EEXIST/);
  });
});
