import assert from 'node:assert/strict';
import { copyFile, mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import type { ApiUser } from '../support/apiClient.ts';
import { type BuiltApp, startBeside } from '../support/desktopApp.ts';
import {
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
import { answerQuestion, chooseFiles, holdQuestions, readQuestions } from '../support/systemDialogs.ts';

const MIB = 1024 * 1024;
const SLOW = 4 * MIB;
const STANDSTILL = 64 * 1024;
const STAY = 1;
const QUIT = 0;

describe('the queue of the desktop app', { timeout: 900_000 }, () => {
  let world: DesktopWorld;
  let creator: ApiUser;
  let film: string;

  before(async () => {
    world = await openDesktopWorld();
    creator = await world.signUp('creator');
    film = await makeFilm(world.folder, { seconds: 2, size: '320x180' });
  });
  afterEach((t) => {
    world.proxy.setFaults(() => undefined);
    return world.endTest('passed' in t && t.passed);
  });
  after(() => world?.stop());

  /** An app of its own for each test, with the account of all. */
  async function startSignedIn(name: string): Promise<BuiltApp> {
    const app = await world.start(name);
    await signIn(app.page, world.server.url, creator);
    return app;
  }

  test('quitting asks once while files are sent, and they resume at the next start', async () => {
    const heavy = await makeHeavyFilm(film, path.join(world.folder, 'quit.mp4'), 24 * MIB);
    const app = await startSignedIn('quitter');
    await holdQuestions(app);
    await limitRate(app.page, SLOW);
    await app.drop([heavy]);
    await waitForBytes(app.page, 'quit.mp4', 8 * MIB);
    await limitRate(app.page, STANDSTILL);

    const quit = () => app.electron.evaluate((electron) => electron.app.quit());
    await quit();
    await quit();
    assert.deepEqual(await readQuestions(app), ['Quit Reelmill?']);
    await answerQuestion(app, STAY);
    await rowOf(app.page, 'quit.mp4', 'Uploading').waitFor();
    const exited = app.waitForExit();
    await quit();
    await answerQuestion(app, QUIT);
    assert.deepEqual(await exited, { code: 0, signal: null });

    const again = await world.start('quitter');
    await rowOf(again.page, 'quit.mp4', 'Uploading').waitFor();
    assert.ok((await uploadOf(again.page, 'quit.mp4')).keptBytes >= 8 * MIB);
    await limitRate(again.page, null);
    await waitForOnline(again.page, 'quit.mp4');
  });

  test('rejects other files with the reason, and searches folders', async () => {
    const folder = path.join(world.folder, 'from the camera');
    await mkdir(path.join(folder, 'day 1'), { recursive: true });
    await copyFile(film, path.join(folder, 'day 1', 'found.mp4'));
    await writeFile(path.join(folder, 'cover.jpg'), 'no picture either');
    const notes = path.join(world.folder, 'notes.txt');
    await writeFile(notes, 'to do');
    const empty = path.join(world.folder, 'empty.mp4');
    await writeFile(empty, '');

    const { page, drop } = await startSignedIn('sorter');
    await drop([folder, notes, empty]);
    await rowOf(page, 'found.mp4').waitFor();
    const refused = page.getByRole('dialog');
    await refused.getByRole('heading', { name: '2 files were not added' }).waitFor();
    const reasons = await refused.getByRole('listitem').allInnerTexts();
    assert.match(reasons.join('\n'), /notes\.txt[\s\S]*A text file, not a video/);
    assert.match(reasons.join('\n'), /empty\.mp4[\s\S]*This file is empty/);
    await refused.getByRole('button', { name: 'Close' }).click();
    await refused.waitFor({ state: 'hidden' });
    await waitForOnline(page, 'found.mp4');
  });

  test('reports a file that is uploaded already, and uploads it anyway on request', async () => {
    const first = await makeHeavyFilm(film, path.join(world.folder, 'first.mp4'), MIB);
    const same = path.join(world.folder, 'same under another name.mp4');
    await copyFile(first, same);
    const { page, drop } = await startSignedIn('collector');
    await drop([first]);
    await waitForOnline(page, 'first.mp4');
    await drop([same]);
    const row = rowOf(page, path.basename(same), 'Duplicate');
    await row.getByText('Already in your library as “first”.').waitFor();
    await row.getByRole('button', { name: 'Upload anyway' }).click();
    await waitForOnline(page, path.basename(same));
    await openView(page, 'Library');
    await page.getByRole('button', { name: /^first, Online/ }).waitFor();
    await page.getByRole('button', { name: /^same under another name, Online/ }).waitFor();
  });

  test('a title can be given while the file is sent', async () => {
    const heavy = await makeHeavyFilm(film, path.join(world.folder, 'untitled.mp4'), 8 * MIB);
    const { page, drop } = await startSignedIn('author');
    await limitRate(page, STANDSTILL);
    await drop([heavy]);
    await rowOf(page, 'untitled.mp4', 'Uploading').waitFor();
    await page.getByRole('button', { name: 'More actions: untitled.mp4' }).click();
    await page.getByRole('menuitem', { name: 'Edit title' }).click();
    await page.getByLabel('Title of untitled.mp4').fill('Summer, at last');
    await page.keyboard.press('Enter');
    await rowOf(page, 'Summer, at last', 'Uploading').waitFor();
    await limitRate(page, null);
    await waitForOnline(page, 'Summer, at last');
    await openView(page, 'Library');
    await page.getByRole('button', { name: /^Summer, at last, Online/ }).waitFor();
  });

  test('reports a moved file, and resumes at its new path', async () => {
    const before = await makeHeavyFilm(film, path.join(world.folder, 'moved.mp4'), 24 * MIB);
    const moved = path.join(world.folder, 'elsewhere.mp4');
    const app = await startSignedIn('mover');
    const { page } = app;
    await limitRate(page, SLOW);
    await app.drop([before]);
    await waitForBytes(page, 'moved.mp4', 8 * MIB);
    await page.getByRole('button', { name: 'Pause: moved.mp4' }).click();
    await rowOf(page, 'moved.mp4', 'Paused').waitFor();
    await rename(before, moved);
    await page.getByRole('button', { name: 'Resume: moved.mp4' }).click();
    const row = rowOf(page, 'moved.mp4', 'Failed');
    await row.getByText('It may have been moved or deleted').waitFor();

    await chooseFiles(app, [film]);
    await row.getByRole('button', { name: 'Locate file' }).click();
    await page.getByText('This is not the file whose upload was started.').waitFor();
    await chooseFiles(app, [moved]);
    await limitRate(page, STANDSTILL);
    await row.getByRole('button', { name: 'Locate file' }).click();
    await rowOf(page, 'elsewhere.mp4', 'Uploading').waitFor();
    assert.ok((await uploadOf(page, 'elsewhere.mp4')).keptBytes >= 8 * MIB);
    await limitRate(page, null);
    await waitForOnline(page, 'elsewhere.mp4');
  });

  test('shows when the server cannot be reached, and resumes when it can', async () => {
    const heavy = await makeHeavyFilm(film, path.join(world.folder, 'offline.mp4'), 24 * MIB);
    const { page, drop } = await startSignedIn('traveller');
    await limitRate(page, SLOW);
    await drop([heavy]);
    await waitForBytes(page, 'offline.mp4', 8 * MIB);
    world.proxy.setFaults(() => ({ cutAfterBytes: 0 }));
    world.proxy.cutAll();
    await rowOf(page, 'offline.mp4').getByText('No connection.').waitFor();
    world.proxy.setFaults(() => undefined);
    await limitRate(page, null);
    await waitForOnline(page, 'offline.mp4');
  });

  test('a second instance passes its files to the running app', async () => {
    const { page } = await startSignedIn('opener');
    const named = path.join(world.folder, 'opened with the app.mp4');
    await makeHeavyFilm(film, named, MIB);
    const data = { dataDir: world.dataOf('opener'), screen: world.screen };
    const { code } = await startBeside({ ...data, args: [named] });
    assert.equal(code, 0);
    await waitForOnline(page, path.basename(named));
  });

  test('new files of the watch folder are uploaded automatically', async () => {
    const folder = path.join(world.folder, 'watched');
    await mkdir(folder);
    await copyFile(film, path.join(folder, 'there before.mp4'));
    const app = await startSignedIn('watcher');
    const { page } = app;
    await chooseFiles(app, [folder]);
    await openView(page, 'Settings');
    await page.getByRole('switch', { name: 'Upload new files automatically' }).click();
    await page.getByText(folder).waitFor();
    await makeHeavyFilm(film, path.join(folder, 'just exported.mp4'), 2 * MIB);
    await openView(page, 'Uploads');
    await waitForOnline(page, 'just exported.mp4');
    assert.equal(await rowOf(page, 'there before.mp4').count(), 0);
  });
});
