import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { uploadStatusSchema } from '@reelmill/shared/contracts/uploads.ts';
import type { Page } from 'playwright-core';
import type { ApiUser } from '../support/apiClient.ts';
import type { BuiltApp } from '../support/desktopApp.ts';
import {
  fillSignIn,
  limitRate,
  openView,
  rowOf,
  signIn,
  uploadOf,
  waitForBytes,
  waitForOnline,
} from '../support/desktopPages.ts';
import { type DesktopWorld, openDesktopWorld } from '../support/desktopWorld.ts';
import { makeFilm } from '../support/films.ts';
import { makeHeavyFilm } from '../support/heavyFilm.ts';
import { findFreePort, waitFor } from '../support/processes.ts';
import { hashFile, hashObject } from '../support/publishedVideo.ts';
import { sampleFile } from '../support/samples.ts';

const MIB = 1024 * 1024;
/** Eight parts of what the server cuts. */
const HEAVY_BYTES = 192 * MIB;
const SLOW = 5 * MIB;
const NAME = 'creator';

describe('a creator with the desktop app', { timeout: 900_000 }, () => {
  let world: DesktopWorld;
  let creator: ApiUser;
  let films: string[];

  before(async () => {
    world = await openDesktopWorld();
    creator = await world.signUp(NAME);
    const film = await makeFilm(world.folder, { seconds: 12, size: '640x360' });
    const heavy = path.join(world.folder, 'heavy.mp4');
    films = [film, await sampleFile('no-audio'), await makeHeavyFilm(film, heavy, HEAVY_BYTES)];
  });
  afterEach((t) => world.endTest('passed' in t && t.passed));
  after(() => world?.stop());

  test('sees why signing in fails', async () => {
    const { page, complaints } = await world.start('newcomer');
    const nobody = `http://127.0.0.1:${await findFreePort()}`;
    await fillSignIn(page, nobody, creator);
    await page.getByText('No server responds at this address').waitFor();

    const other = createServer((_, response) => response.end('<h1>Something else</h1>'));
    const port = await findFreePort();
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    try {
      await fillSignIn(page, `http://127.0.0.1:${port}`, creator);
      await page.getByText('is not a Reelmill server').waitFor();
    } finally {
      other.close();
    }

    await fillSignIn(page, 'not an address', creator);
    await page.getByText('Enter an address like').waitFor();
    await fillSignIn(page, world.server.url, { ...creator, password: 'something else' });
    await page.getByText('Incorrect e-mail address or password').waitFor();
    assert.deepEqual(await readdir(world.dataOf('newcomer')).then(sessionFiles), []);
    await signIn(page, world.server.url, creator);
    assert.deepEqual(complaints, []);
  });

  test('drops three files, pauses and resumes, and loses nothing to SIGKILL', async () => {
    const [film = '', plain = '', heavy = ''] = films;
    const first = await world.start(NAME);
    await signIn(first.page, world.server.url, creator);
    await limitRate(first.page, SLOW);
    await first.drop([heavy, film, plain]);
    for (const file of films) await rowOf(first.page, path.basename(file)).waitFor();

    const pressed = (words: string) => first.page.getByRole('button', { name: words }).click();
    await rowOf(first.page, 'heavy.mp4', 'Uploading').waitFor();
    await pressed('Pause: heavy.mp4');
    await rowOf(first.page, 'heavy.mp4', 'Paused').waitFor();
    const paused = (await uploadOf(first.page, 'heavy.mp4')).acknowledgedBytes;
    await pressed('Resume: heavy.mp4');
    await rowOf(first.page, 'heavy.mp4', 'Uploading').waitFor();
    for (const name of [film, plain].map((file) => path.basename(file))) {
      await rowOf(first.page, name, 'Processing')
        .or(rowOf(first.page, name, 'Online'))
        .waitFor();
    }
    await waitForBytes(first.page, 'heavy.mp4', Math.max(paused, 24 * MIB));
    await limitRate(first.page, MIB);
    const { videoId } = await uploadOf(first.page, 'heavy.mp4');
    await first.kill();
    const missing = await missingBytes(creator, videoId ?? 0);
    assert.ok(missing > MIB && missing <= HEAVY_BYTES - 24 * MIB, `${missing} bytes are missing`);

    const sentBefore = world.proxy.bytesToTarget;
    const second = await world.start(NAME);
    await second.page.getByRole('heading', { name: 'Uploads', level: 1 }).waitFor();
    await limitRate(second.page, null);
    await rowOf(second.page, 'heavy.mp4', 'Processing')
      .or(rowOf(second.page, 'heavy.mp4', 'Online'))
      .waitFor();
    const sent = world.proxy.bytesToTarget - sentBefore;
    assert.ok(sent < missing + MIB, `${sent} bytes were sent where ${missing} were missing`);
    assert.equal((await uploadOf(second.page, 'heavy.mp4')).videoId, videoId);
    await waitForOnline(second.page, ...films.map((file) => path.basename(file)));
    assert.deepEqual([...first.complaints, ...second.complaints], []);

    for (const file of films) await assertStored(world, second.page, file);
  });

  test('watches a video, and signs out', async () => {
    const app = await world.start(NAME);
    const { page } = app;
    await page.getByRole('button', { name: 'Watch now: film.mp4' }).click();
    await page.getByRole('heading', { name: 'film', level: 1 }).waitFor();
    await playFor(page, 2);

    await openView(page, 'Library');
    await page.getByRole('button', { name: /^heavy, Online/ }).click();
    await playFor(page, 1);
    assert.deepEqual(app.complaints, []);

    assert.notDeepEqual(await readdir(world.dataOf(NAME)).then(sessionFiles), []);
    await signOut(page);
    assert.deepEqual(await readdir(world.dataOf(NAME)).then(sessionFiles), []);
    await app.close();
    const again = await startSignedOut(world);
    assert.equal(await again.page.getByLabel('Server').inputValue(), world.server.url);
  });
});

async function missingBytes(creator: ApiUser, videoId: number): Promise<number> {
  const status = (await creator.call('GET', `/videos/${videoId}/upload`)).as(uploadStatusSchema);
  return status.size_bytes - status.parts.reduce((sum, { size }) => sum + size, 0);
}

/** The source in the store is the file, byte by byte. */
async function assertStored(world: DesktopWorld, page: Page, file: string): Promise<void> {
  const { videoId } = await uploadOf(page, path.basename(file));
  const { store, database } = world.server.context;
  const { sourceKey } = await database.models.Video.findByPk(videoId ?? 0, { rejectOnEmpty: true });
  assert.equal(await hashObject(store, sourceKey), await hashFile(file));
}

function sessionFiles(names: readonly string[]): string[] {
  return names.filter((name) => name.startsWith('session.'));
}

async function startSignedOut(world: DesktopWorld): Promise<BuiltApp> {
  const app = await world.start(NAME);
  await app.page.getByRole('heading', { name: 'Sign in to Reelmill' }).waitFor();
  return app;
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Account\b/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in to Reelmill' }).waitFor();
}

/** Starts the player and waits until so much of the video was played. */
async function playFor(page: Page, seconds: number): Promise<void> {
  const player = page.getByRole('region', { name: 'Video player' });
  await player.getByRole('button', { name: 'Play', exact: true }).first().click();
  const video = player.locator('video');
  await waitFor(`${seconds} s are played`, async () => {
    // a video element
    const at = await video.evaluate((element: unknown) => (element as { currentTime: number }).currentTime);
    return at >= seconds;
  });
}
