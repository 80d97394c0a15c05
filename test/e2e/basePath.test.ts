import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { videoListSchema } from '@reelmill/shared/contracts/videos.ts';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { startWorker } from '@reelmill/worker/worker.ts';
import { startBrowser, type TestBrowser } from '../support/browser.ts';
import { logInAs, runReelmill } from '../support/cli.ts';
import { makeFilm } from '../support/films.ts';
import { startMeddlingProxy } from '../support/meddlingProxy.ts';
import { findFreePort, makeTemporaryFolder, waitFor } from '../support/processes.ts';
import { fetchText, readServed } from '../support/publishedVideo.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const BASE = '/reelmill';
const NOT_HERE = { respond: { status: 404, headers: { 'content-type': 'text/html' }, body: 'another site' } };

describe('a server whose PUBLIC_URL has a path', { timeout: 300_000 }, () => {
  const cleanupStack = new CleanupStack();
  let server: TestServer;
  let browser: TestBrowser;
  let folder: string;
  /** Requests that a page made elsewhere than below the path. */
  let astray: string[];
  before(async () => {
    const made = await makeTemporaryFolder('base-path');
    folder = made.path;
    cleanupStack.add('folder', () => made.remove());
    const port = await findFreePort();
    const proxy = await startMeddlingProxy(`http://127.0.0.1:${port}`);
    cleanupStack.add('proxy', () => proxy.close());
    astray = [];
    proxy.meddle = ({ url = '' }) => {
      if (url.startsWith(`${BASE}/`)) return { path: url.slice(BASE.length) };
      if (url !== '/favicon.ico') astray.push(url);
      return NOT_HERE;
    };
    const env = {
      PORT: String(port),
      PUBLIC_URL: `${proxy.url}${BASE}/`,
      METRICS_TOKEN: 'of-this-test-alone',
    };
    server = await startTestServer({ env });
    cleanupStack.add('server', () => server.stop());
    const { store, queue } = server.context;
    const config = { workerId: 'below', workDir: path.join(folder, 'work'), threads: 1, drainSeconds: 0 };
    const logger = createLogger({ level: 'silent', name: 'worker' });
    const worker = await startWorker({ config, store, queue, logger });
    cleanupStack.add('worker', () => worker.stop());
    browser = await startBrowser();
    cleanupStack.add('browser', () => browser.close());
  });
  after(() => cleanupStack.release());

  test('takes uploads, and shows and plays them below it', async () => {
    const film = path.join(folder, 'film.mp4');
    await copyFile(await makeFilm(folder, { seconds: 3, size: '320x240' }), film);
    const config = path.join(folder, 'config');
    await logInAs(config, server.url, 'ann');
    const uploaded = await runReelmill(config, ['upload', film, '--wait']);
    assert.equal(uploaded.code, 0, uploaded.stderr);
    const listed = await runReelmill(config, ['list', '--json']);
    const { videos } = videoListSchema.parse(JSON.parse(listed.stdout));
    const [video] = videos;
    assert.ok(video?.playback_url && video.cover_url);
    for (const url of [video.playback_url, video.cover_url, video.watch_url]) {
      assert.ok(url.startsWith(`${server.url}/`), url);
    }
    assert.equal((await fetch(video.cover_url)).status, 200);
    const served = await readServed(video.playback_url, path.join(folder, 'served'));
    assert.ok(served.length >= 2);

    for (const signsIn of [false, true]) {
      const address = signsIn ? `${server.url}/watch/${video.id}` : video.watch_url;
      const { page, complaints } = await browser.open(address);
      if (signsIn) {
        await page.getByLabel('E-mail').fill('ann@example.org');
        await page.getByLabel('Password').fill('password of ann');
        await page.getByRole('button', { name: 'Sign in' }).click();
      }
      await page.locator('.big-play').click();
      await waitFor(
        'it plays',
        () =>
          page
            .locator('.player video')
            .evaluate((element: unknown) => (element as { currentTime: number }).currentTime > 0.5), // a video element
      );
      const expected = signsIn ? complaints.filter((text) => !/status of 401/.test(text)) : complaints;
      assert.deepEqual(expected, []);
      await page.close();
    }
    assert.deepEqual(astray, []);
  });

  test('shows its documentation below it, whose calls lead there', async () => {
    const { page, complaints } = await browser.open(`${server.url}/docs`);
    await page.locator('.swagger-ui .info .title').waitFor();
    assert.equal(await page.locator('.servers select option').first().getAttribute('value'), server.url);
    assert.deepEqual(complaints, []);
    await page.close();
    assert.deepEqual(astray, []);
    const document = await fetchText(`${server.url}/api/v1/openapi.json`);
    assert.deepEqual(JSON.parse(document).servers, [{ url: server.url }]);
  });

  test('serves the same behind a proxy that leaves the path on, but for what stays inside', async () => {
    for (const prefix of ['', BASE]) {
      for (const address of ['/healthz', '/api/v1/server', '/docs', '/docs/swagger-ui.css']) {
        assert.equal((await fetch(`${server.localUrl}${prefix}${address}`)).status, 200, prefix + address);
      }
    }
    const headers = { authorization: 'Bearer of-this-test-alone' };
    assert.equal((await fetch(`${server.localUrl}/metrics`, { headers })).status, 200);
    assert.equal((await fetch(`${server.localUrl}${BASE}/metrics`, { headers })).status, 404);
    assert.equal((await fetch(`${server.localUrl}${BASE}elsewhere/docs`)).status, 404);
  });
});
