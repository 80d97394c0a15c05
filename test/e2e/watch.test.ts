import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { type RunningWorker, startWorker } from '@reelmill/worker/worker.ts';
import type { Page, Route } from 'playwright-core';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { startBrowser, type TestBrowser } from '../support/browser.ts';
import { makeFilm } from '../support/films.ts';
import { makeTemporaryFolder, waitFor } from '../support/processes.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { beginSingle, complete, put } from '../support/uploads.ts';

const SECONDS = 20;
const TRANSCODE_MS = 180_000;

/** What the video element says; the page runs elsewhere, so its types are not known here. */
interface Playing {
  currentTime: number;
  duration: number;
  paused: boolean;
  videoHeight: number;
}

describe('the watch page in a browser', { timeout: 600_000 }, () => {
  const cleanupStack = new CleanupStack();
  let server: TestServer;
  let browser: TestBrowser;
  let owner: ApiUser;
  let worker: RunningWorker | undefined;
  let film: Uint8Array<ArrayBuffer>;
  let workDir: string;
  let watched: number;

  before(async () => {
    const folder = await makeTemporaryFolder('watch');
    cleanupStack.add('folder', () => folder.remove());
    workDir = path.join(folder.path, 'work');
    const file = await makeFilm(folder.path, { seconds: SECONDS, size: '854x480' });
    film = new Uint8Array(await readFile(file));
    server = await startTestServer();
    cleanupStack.add('server', () => server.stop());
    browser = await startBrowser();
    cleanupStack.add('browser', () => browser.close());
    owner = await (await DocumentedApi.of(server.url)).signUp('owner');
  });
  after(async () => {
    await worker?.stop();
    await cleanupStack.release();
  });

  async function startWorking(): Promise<void> {
    const { store, queue } = server.context;
    const config = { workerId: 'watched', workDir, threads: 2, drainSeconds: 0 };
    const logger = createLogger({ level: 'silent', name: 'worker' });
    worker = await startWorker({ config, store, queue, logger });
  }

  async function stopWorking(): Promise<void> {
    await worker?.stop();
    worker = undefined;
  }

  async function upload(bytes: Uint8Array<ArrayBuffer>, title: string): Promise<number> {
    const { videoId, url } = await beginSingle(owner, { file_name: 'film.mp4', title });
    assert.equal(await put(url, bytes), 200);
    assert.equal((await complete(owner, videoId)).status, 202);
    return videoId;
  }

  async function signIn(page: Page, password: string): Promise<void> {
    await page.getByLabel('E-mail').fill(owner.email);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }

  async function videoOf(id: number): Promise<Video> {
    return (await owner.call('GET', `/videos/${id}`)).as(videoDetailSchema).video;
  }

  const waitForVideo = (id: number, what: string, condition: (video: Video) => boolean) =>
    waitFor(
      what,
      async () => {
        const video = await videoOf(id);
        return condition(video) ? video : null;
      },
      { timeoutMs: TRANSCODE_MS },
    );

  test('a video can be watched from its beginning while it is made, and goes on when it is complete', async () => {
    watched = await upload(film, 'A film in the making');
    const { watch_url } = await videoOf(watched);
    const { page, complaints } = await browser.open(watch_url);
    await page.getByRole('heading', { name: 'A film in the making' }).waitFor();
    await page.getByText('Not ready to watch yet').waitFor();

    await startWorking();
    await waitForVideo(watched, 'the beginning is there', (video) => video.playable);
    await stopWorking();
    assert.equal((await videoOf(watched)).status, 'transcoding');
    await page.locator('.play').waitFor();
    await page.getByText('You can watch what is ready').waitFor();
    if ((await playing(page)).paused) await page.locator('.play').click();
    const early = await advance(page, 1);
    assert.ok(early.currentTime < 10, `it began at ${early.currentTime}`);
    assert.ok(early.duration < SECONDS, 'only the beginning can be ready');
    assert.match(await spokenPosition(page), /of 20 seconds/);

    await startWorking();
    await waitForVideo(watched, 'the video is online', ({ status }) => status === 'online');
    await page.locator('#progress').waitFor({ state: 'hidden' });
    await waitFor('all of it can be played', async () => {
      const now = await playing(page);
      return Math.abs(now.duration - SECONDS) < 0.5;
    });
    const after = await advance(page, 1);
    assert.ok(after.currentTime > early.currentTime, 'it began again');
    assert.deepEqual(await qualities(page), ['480p', '360p', '240p']);
    assert.deepEqual(complaints, []);
    await page.close();
  });

  test('it plays, and another size can be chosen while it does', async () => {
    const { page, complaints } = await browser.open((await videoOf(watched)).watch_url);
    await page.locator('.big-play').click();
    await advance(page, 1);
    await page.locator('button.settings').click();
    await page.getByRole('menuitemradio', { name: '240p', exact: true }).click();
    await waitFor('240p is shown', async () => (await playing(page)).videoHeight === 240);
    await advance(page, 1);
    assert.equal(await page.locator('.badge').textContent(), '240p');
    await page.getByRole('menuitemradio', { name: '480p', exact: true }).click();
    await waitFor('480p is shown', async () => (await playing(page)).videoHeight === 480);
    await page.keyboard.press('Escape');
    await page.locator('.menu').waitFor({ state: 'hidden' });
    assert.deepEqual(complaints, []);
    await page.close();
  });

  test('the timeline previews the picture under the pointer', async () => {
    const { page, complaints } = await browser.open((await videoOf(watched)).watch_url);
    await page.locator('.big-play').click();
    await advance(page, 0.2);
    await page.locator('.timeline').hover({ position: { x: 300, y: 10 } });
    await page.locator('.preview-tile').waitFor();
    const style = (await page.locator('.preview-tile').getAttribute('style')) ?? '';
    const [, picture = ''] = /url\("([^"]+)"\)/.exec(style) ?? [];
    assert.equal((await fetch(picture)).headers.get('content-type'), 'image/jpeg');
    assert.match((await page.locator('.preview-time').textContent()) ?? '', /^0:0\d$/);
    assert.deepEqual(complaints, []);
    await page.close();
  });

  test('everything can be done with the keyboard', async () => {
    const { page } = await browser.open((await videoOf(watched)).watch_url);
    const press = (key: string) => page.keyboard.press(key);
    const is = (what: string, condition: (now: Playing) => boolean) =>
      waitFor(what, async () => condition(await playing(page)));
    await page.locator('.big-play').waitFor();
    await press('Tab');
    await press('Enter');
    await is('Enter on the big button plays', ({ paused }) => !paused);
    await press('k');
    await is('k pauses', ({ paused }) => paused);
    await press('Home');
    await press('ArrowRight');
    await is('the right arrow skips', ({ currentTime }) => Math.abs(currentTime - 5) < 0.1);
    await press('5');
    await is('5 is the middle', ({ currentTime }) => Math.abs(currentTime - SECONDS / 2) < 0.1);
    await page.locator('.timeline input').focus();
    await press('ArrowLeft');
    await is('the arrows skip on the slider too', ({ currentTime }) => Math.abs(currentTime - 5) < 0.1);
    await press('m');
    await page.locator('.mute[aria-label="Unmute"]').waitFor();
    await page.locator('button.settings').focus();
    await press('Enter');
    await press('ArrowDown');
    const focused = page.locator('.menu button:focus');
    assert.equal(await focused.textContent(), '480p');
    await press('Escape');
    assert.equal(await page.locator('button.settings').getAttribute('aria-expanded'), 'false');
    assert.ok(await page.locator('button.settings:focus').isVisible(), 'the focus is back on the button');
    await page.close();
  });

  test('links are renewed before they end, while it plays', async () => {
    const { page, complaints } = await browser.open((await videoOf(watched)).watch_url);
    await page.locator('.big-play').click();
    await advance(page, 1);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.clock.setFixedTime(Date.now() + 7 * 3600 * 1000);
    const other = (await playing(page)).videoHeight === 240 ? 480 : 240;
    await page.locator('button.settings').click();
    await page.getByRole('menuitemradio', { name: `${other}p`, exact: true }).click();
    await waitFor(`${other}p is shown`, async () => (await playing(page)).videoHeight === other);
    await advance(page, 1);
    assert.ok(asked.includes(`/api/v1/videos/${watched}`), 'new links were asked for');
    assert.ok(asked.includes(`/api/v1/videos/${watched}/hls/${other}p.m3u8`));
    assert.deepEqual(complaints, []);
    await page.close();
  });

  test('a playback that cannot go on says so, and goes on where it was when it is tried again', async () => {
    const { page } = await browser.open((await videoOf(watched)).watch_url);
    const refuse = (route: Route) => route.fulfill({ status: 403 });
    // the segments that were played before are kept for good, and would play all the same
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Network.clearBrowserCache');
    await page.reload();
    await page.locator('.big-play').waitFor();
    await waitFor('its length is known', async () => (await playing(page)).duration > 0);
    await page.getByRole('slider', { name: 'Seek' }).focus();
    await page.route('**/*.m4s*', refuse);
    await page.keyboard.press('5');
    await page.locator('.play').click();
    await page.getByText('Playback was interrupted').waitFor();
    await page.unroute('**/*.m4s*', refuse);
    await page.getByRole('button', { name: 'Try again' }).click();
    const { currentTime } = await advance(page, 1);
    assert.ok(Math.abs(currentTime - SECONDS / 2) < 5, `it went on at ${currentTime}`);
    assert.equal(await page.getByText('Playback was interrupted').isVisible(), false);
    await page.close();
  });

  test('a video that failed says so to guests, and why to its owner', async () => {
    const failed = await upload(new Uint8Array(100_000).fill(7), 'No film at all');
    const { error, watch_url } = await waitForVideo(failed, 'it fails', ({ status }) => status === 'failed');
    const { page } = await browser.open(watch_url);
    await page.getByText('This video could not be processed').waitFor();
    assert.ok(error);
    await page.getByText('It cannot be watched.').waitFor();
    assert.equal(await page.getByText(error.message).count(), 0);
    assert.equal(await page.locator('.controls').isVisible(), false);
    await page.goto(`${server.url}/watch/${failed}`);
    await signIn(page, owner.password);
    await page.getByText(error.message).waitFor();
    await page.close();
  });

  test('a private video asks who is there, and plays for its owner', async () => {
    const { page } = await browser.open(`${server.url}/watch/${watched}`);
    await page.getByRole('heading', { name: 'Sign in to watch' }).waitFor();
    assert.equal(await page.getByText('A film in the making').count(), 0);
    await signIn(page, 'not the password');
    await waitFor('it is refused', async () => (await page.getByRole('alert').textContent()) !== '');
    await signIn(page, owner.password);
    await page.getByRole('heading', { name: 'A film in the making' }).waitFor();
    const shared = page.getByRole('textbox', { name: 'Link to share' });
    assert.match(await shared.inputValue(), new RegExp(`/watch/${watched}\\?expires=\\d+&signature=`));
    await page.locator('.big-play').click();
    await advance(page, 1);
    // the token of the device, which opens nothing by itself, and nothing of the session
    assert.deepEqual(await page.evaluate('[Object.keys(localStorage), sessionStorage.length]'), [
      ['reelmill-device'],
      0,
    ]);
    assert.doesNotMatch(String(await page.evaluate("localStorage.getItem('reelmill-device')")), /\./);
    await page.close();
  });

  test('the page of an unlisted video tells guests what watching takes, and ends with its link', async () => {
    await stopWorking();
    const videoId = await upload(new Uint8Array(10), 'For some');
    await owner.call('PATCH', `/videos/${videoId}`, { body: { visibility: 'unlisted' } });
    const { page, complaints } = await browser.open((await videoOf(videoId)).watch_url);
    await page.getByRole('heading', { name: 'For some' }).waitFor();
    await page.getByText('Not ready to watch yet').waitFor();
    assert.equal(await page.locator('#progress').isVisible(), false);
    assert.equal(await page.locator('#share').isVisible(), false);
    assert.deepEqual(complaints, []);
    assert.equal((await owner.call('POST', `/videos/${videoId}/renew-link`)).status, 200);
    await page.getByText('This link no longer works').waitFor();
    await page.close();
  });

  for (const [width, height] of [
    [360, 740],
    [320, 568],
    [1920, 1080],
  ] as const) {
    test(`it fits a screen of ${width} by ${height}`, async () => {
      const { watch_url } = await videoOf(watched);
      const { page, complaints } = await browser.open(watch_url, { width, height });
      await page.locator('.big-play').click();
      await advance(page, 0.5);
      assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth')) <= width);
      for (const kind of ['play', 'mute', 'settings', 'fullscreen']) {
        const box = await page.locator(`button.${kind}`).boundingBox();
        assert.ok(box && box.x >= 0 && box.x + box.width <= width, `${kind} is on the screen`);
      }
      await page.locator('button.settings').click();
      const menu = await page.locator('.menu').boundingBox();
      assert.ok(menu && menu.x >= 0 && menu.x + menu.width <= width && menu.y >= 0, 'the menu fits');
      assert.deepEqual(complaints, []);
      await page.close();
    });
  }

  test('a video that is deleted while its page is open says so', async () => {
    const { watch_url, id } = await videoOf(await upload(new Uint8Array(10), 'Soon gone'));
    await stopWorking();
    const { page } = await browser.open(watch_url);
    await page.getByRole('heading', { name: 'Soon gone' }).waitFor();
    assert.equal((await owner.call('DELETE', `/videos/${id}`)).status, 204);
    await page.getByText('This video was deleted, or it is private.').waitFor();
    await page.close();
  });
});

function playing(page: Page): Promise<Playing> {
  return page.locator('.player video').evaluate((video: unknown) => {
    const { currentTime, duration, paused, videoHeight } = video as Playing; // a video element
    return { currentTime, duration, paused, videoHeight };
  });
}

/** Waits until so many seconds more have been played. */
async function advance(page: Page, seconds: number): Promise<Playing> {
  const { currentTime: from } = await playing(page);
  return waitFor(`${seconds} s are played from ${from} on`, async () => {
    const now = await playing(page);
    return now.currentTime >= from + seconds ? now : null;
  });
}

async function qualities(page: Page): Promise<string[]> {
  const texts = await page.locator('.qualities [role="menuitemradio"]').allTextContents();
  return texts.filter((text) => !text.startsWith('Auto'));
}

async function spokenPosition(page: Page): Promise<string> {
  return (await page.locator('.timeline input').getAttribute('aria-valuetext')) ?? '';
}
