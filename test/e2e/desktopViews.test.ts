import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { adminUserPasswordSchema } from '@reelmill/shared/contracts/adminUsers.ts';
import type { Page } from 'playwright-core';
import { findViolations } from '../support/accessibility.ts';
import type { ApiUser } from '../support/apiClient.ts';
import { fillSignIn, openView, rowOf, signIn, waitForOnline } from '../support/desktopPages.ts';
import { type DesktopWorld, openDesktopWorld } from '../support/desktopWorld.ts';
import { makeFilm } from '../support/films.ts';
import { waitFor } from '../support/processes.ts';

/** Whether no colour is on its way to another; spinners never rest. */
const RESTS = `document.getAnimations().every((one) => !(one instanceof CSSTransition) || one.playState === 'finished')`;

describe('the views of the desktop app', { timeout: 600_000 }, () => {
  let world: DesktopWorld;
  let creator: ApiUser;
  let film: string;

  before(async () => {
    world = await openDesktopWorld();
    creator = await world.signUp('creator');
    film = await makeFilm(world.folder, { seconds: 2, size: '320x180' });
    const { page, drop, close } = await world.start('reader');
    await signIn(page, world.server.url, creator);
    await drop([film]);
    await waitForOnline(page, 'film.mp4');
    await close();
  });
  afterEach((t) => world.endTest('passed' in t && t.passed));
  after(() => world?.stop());

  test('no view has a serious accessibility problem, light or dark', async () => {
    const newcomer = await world.start('newcomer');
    await checkLook(newcomer.page, 'sign in');
    await signIn(newcomer.page, world.server.url, creator);
    await checkLook(newcomer.page, 'no uploads');
    await newcomer.close();

    const app = await world.start('reader');
    const { page } = app;
    await rowOf(page, 'film.mp4', 'Online').waitFor();
    await checkLook(page, 'uploads');
    await openView(page, 'Settings');
    await checkLook(page, 'settings');
    await openView(page, 'Library');
    await page.getByRole('button', { name: /^film, Online/ }).waitFor();
    await checkLook(page, 'library');
    await page.getByRole('button', { name: /^film, Online/ }).click();
    await page.getByRole('heading', { name: 'film', level: 1 }).waitFor();
    await checkLook(page, 'video');
    assert.deepEqual([...newcomer.complaints, ...app.complaints], []);
  });

  test('a video is found, renamed, shared and deleted', async () => {
    const app = await world.start('reader');
    const { page } = app;
    await openView(page, 'Library');
    await page.getByLabel('Search videos').fill('no such title');
    await page.getByText('Nothing found').waitFor();
    await page.getByLabel('Search videos').fill('film');
    await page.getByRole('button', { name: /^film, Online/ }).click();
    await page.getByLabel('Title').fill('A better title');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('heading', { name: 'A better title', level: 1 }).waitFor();

    await page.getByRole('button', { name: 'Copy share link' }).click();
    await page.getByText('The video was private and is now unlisted').waitFor();
    const link = await app.electron.evaluate(({ clipboard }) => clipboard.readText());
    assert.equal((await fetch(link)).status, 200);
    const [, id, token] = /\/watch\/(\d+)\?token=([\w-]{24})$/.exec(link) ?? [];
    const address = `${world.server.url}/api/v1/videos/${id}`;
    assert.equal((await fetch(`${address}?token=${token}`)).status, 200);
    assert.equal((await fetch(address)).status, 404);

    await page.getByRole('button', { name: 'Create new link' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Create new link' }).click();
    await page.getByText('New link copied to the clipboard.').waitFor();
    assert.equal((await fetch(link)).status, 401);
    const newLink = await app.electron.evaluate(({ clipboard }) => clipboard.readText());
    assert.equal((await fetch(newLink)).status, 200);

    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Delete video' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete video' }).click();
    await page.getByRole('button', { name: 'Show all videos' }).click();
    await page.getByText('No videos yet').waitFor();
    assert.equal((await creator.call('GET', `/videos/${id}`)).status, 404);
  });

  test('an administrator sees the farm at work, a creator does not', async () => {
    const creators = await world.start('reader');
    await creators.page.getByRole('heading', { name: 'Uploads', level: 1 }).waitFor();
    assert.equal(await creators.page.getByRole('button', { name: 'Farm' }).count(), 0);
    await creators.close();

    const app = await world.start('administrator');
    const { page } = app;
    await signIn(page, world.server.url, world.admin);
    await app.drop([film]);
    await waitForOnline(page, 'film.mp4');
    await openView(page, 'Farm');
    await page.getByRole('table').getByText('embedded').waitFor();
    await page.getByText(/^docker compose up -d --scale worker=\d+$/).waitFor();
    await page.getByRole('button', { name: 'Copy command' }).click();
    const command = await waitFor('the command is on the clipboard', () =>
      app.electron.evaluate(({ clipboard }) => clipboard.readText()),
    );
    assert.match(command, /^docker compose up -d --scale worker=\d+$/);
    await checkLook(page, 'farm');
    assert.deepEqual(app.complaints, []);
  });

  test('changes a password that an administrator set, and stays signed in', async () => {
    const admin = await world.api.logIn(world.admin);
    const email = 'guest@example.org';
    const made = (await admin.call('POST', '/admin/users', { body: { email } })).as(adminUserPasswordSchema);
    const first = await world.start('guest');
    await fillSignIn(first.page, world.server.url, { email, password: made.password ?? '' });
    const dialog = first.page.getByRole('dialog', { name: 'Change your password' });
    await dialog.getByText('An administrator set your password.').waitFor();
    await dialog.getByLabel('Current password', { exact: true }).fill(made.password ?? '');
    await dialog.getByLabel('New password', { exact: true }).fill('a password of my own');
    await dialog.getByRole('button', { name: 'Change password' }).click();
    await dialog.waitFor({ state: 'detached' });
    await first.drop([film]);
    await waitForOnline(first.page, 'film.mp4');
    assert.deepEqual(first.complaints, []);
    await first.close();

    const { page } = await world.start('guest');
    await rowOf(page, 'film.mp4', 'Online').waitFor();
    assert.equal(await page.getByRole('dialog').count(), 0);
    await world.api.logIn({ email, password: 'a password of my own' });
  });

  test('settings hold after the app was ended', async () => {
    const first = await world.start('reader');
    await openView(first.page, 'Settings');
    await chooseLabel(first.page, '3');
    await chooseLabel(first.page, 'Dark');
    await first.page.getByRole('combobox', { name: 'Language' }).click();
    await first.page.getByRole('option', { name: '简体中文' }).click();
    await first.page.getByRole('heading', { name: '设置', level: 1 }).waitFor();
    await first.close();

    const { page } = await world.start('reader');
    await page.getByRole('navigation').getByRole('button', { name: '设置' }).click();
    assert.equal(await page.locator('html').getAttribute('lang'), 'zh-CN');
    assert.equal(await page.locator('html').getAttribute('data-mantine-color-scheme'), 'dark');
    assert.ok(await page.getByRole('radio', { name: '3', exact: true }).isChecked());
  });

  test('the page of the window has no way out', async () => {
    const { page, context, electron } = await world.start('reader');
    const windows = () => electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);
    const ask = (script: string) => page.evaluate(script);
    assert.equal(await ask('typeof require + typeof process + typeof Buffer'), 'undefined'.repeat(3));
    assert.deepEqual(await ask('Object.keys(window.reelmill).sort()'), ['call', 'on', 'pathOf']);
    assert.equal(await ask('window.open("https://example.org") === null'), true);
    await ask('location.href = "https://example.org/"');
    await ask(
      'document.body.append(Object.assign(document.createElement("iframe"), { src: "https://example.org/" }))',
    );
    const foreign = await ask('fetch("https://example.org/").then(() => "answered", (error) => error.name)');
    assert.equal(foreign, 'TypeError');
    const inline =
      'document.body.append(Object.assign(document.createElement("script"), { text: "window.ran = 1" }))';
    await ask(inline);
    assert.equal(await ask('typeof window.ran'), 'undefined');
    const refused = await ask('window.reelmill.call("app.openLink", { url: "file:///etc/passwd" })');
    assert.match(JSON.stringify(refused), /"ok":false.*"validation_failed"/);
    assert.match(page.url(), /^app:\/\/reelmill\//);
    assert.deepEqual([await windows(), context.pages().length], [1, 1]);
  });
});

/** A choice of a segmented control: its label is pressed, the input itself is not seen. */
function chooseLabel(page: Page, text: string): Promise<void> {
  return page.locator('label').getByText(text, { exact: true }).click();
}

/** Looks for serious problems in both colour schemes, as the system would switch them. */
async function checkLook(page: Page, view: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.locator(`html[data-mantine-color-scheme="${colorScheme}"]`).waitFor();
    await waitFor('nothing moves', () => page.evaluate(RESTS));
    assert.deepEqual(await findViolations(page), [], `${view}, ${colorScheme}`);
  }
}
