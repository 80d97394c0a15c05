import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import type { Page } from 'playwright-core';
import { makeHlsFilm } from '../support/hlsFilm.ts';
import { makeVideo } from '../support/libraryVideos.ts';
import { makePreviewState } from '../support/previewState.ts';
import { makeTemporaryFolder, waitFor } from '../support/processes.ts';
import { type RendererPreview, startRendererPreview } from '../support/rendererPreview.ts';

const SECONDS = 8;
const MANY = 10_000;

describe('the library view', { timeout: 300_000 }, () => {
  const cleanupStack = new CleanupStack();
  let preview: RendererPreview;
  let media: string;

  before(async () => {
    const folder = await makeTemporaryFolder('library');
    cleanupStack.add('folder', () => folder.remove());
    media = folder.path;
    await makeHlsFilm(media, SECONDS);
    preview = await startRendererPreview();
    cleanupStack.add('preview', () => preview.close());
  });
  after(() => cleanupStack.release());

  /** The library with these videos; `asked` answers what was asked of the main process since it was asked last. */
  async function open(videos: Video[], language: 'en' | 'zh-CN' = 'en') {
    const { page, complaints } = await preview.open(makePreviewState({ videos }), { language });
    await page.evaluate(`{
      const { call } = reelmill;
      globalThis.asked = [];
      reelmill.call = (name, args) => {
        asked.push([name, args]);
        return call(name, args);
      };
    }`);
    const asked = (name: string) =>
      page.evaluate<Array<Record<string, unknown>>>(
        `asked.splice(0).filter(([name]) => name === ${JSON.stringify(name)}).map(([, args]) => args)`,
      );
    const links = page.getByRole('navigation').getByRole('button');
    await links.nth(1).click();
    const card = (title: string) => page.getByRole('button', { name: new RegExp(`^${title}\\b`) });
    return { page, complaints, asked, card };
  }
  const many = () => Array.from({ length: MANY }, (_, index) => makeVideo(index + 1));

  const focused = (page: Page) => page.evaluate<string>("document.activeElement.textContent ?? ''");
  const drawn = (page: Page) => page.evaluate<number>("document.querySelectorAll('[role=gridcell]').length");
  const scrollTop = (page: Page) =>
    page.evaluate<number>("document.querySelector('[role=grid]').parentElement.parentElement.scrollTop");

  test('renders and loads only the visible ones of ten thousand videos', async () => {
    const { page, asked, card } = await open(many());
    await page.getByText('10,000 videos').waitFor();
    await card('Film 1').focus();
    assert.ok((await asked('library.list')).length <= 2);
    await page.keyboard.press('End');
    await card('Film 10000').waitFor();
    await waitFor('the last card has the focus', async () => (await focused(page)) === 'Film 10000');
    const offsets = (await asked('library.list')).map(({ offset }) => offset);
    assert.ok(offsets.includes(9_960) && offsets.length <= 4, `pages at ${offsets} were asked for`);
    assert.ok((await drawn(page)) < 60, `${await drawn(page)} cards are drawn`);
    await page.close();
  });

  test('navigates the grid by keyboard, opens a video, and returns to it', async () => {
    const { page, card, complaints } = await open(many());
    await card('Film 1').focus();
    for (const key of ['ArrowRight', 'ArrowDown', 'PageDown', 'PageDown', 'ArrowLeft']) {
      await page.keyboard.press(key);
    }
    await waitFor('another card has the focus', async () => (await focused(page)) !== 'Film 1');
    const title = await focused(page);
    const top = await scrollTop(page);
    assert.ok(top > 0, 'it was scrolled');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: title, level: 1 }).waitFor();
    await page.getByRole('button', { name: 'Back to the library' }).click();
    await waitFor(`${title} has the focus again`, async () => (await focused(page)) === title);
    assert.equal(await scrollTop(page), top);
    assert.deepEqual(complaints.filter(isOwn), []);
    await page.close();
  });

  test("shows a video's notices and what it waits for, in the language of the app", async () => {
    const notices = [
      { code: 'audio_left_out', message: 'No sound.', reason: 'unsupported_codec' },
      { code: 'newer', message: 'In the words of the server.' },
    ];
    const waiting = { since: '2026-11-24T11:40:00.000Z', reason_code: 'store' } as const;
    const stuck = {
      status: 'transcoding',
      phase: 'encoding',
      progress: 12,
      playable: false,
      waiting,
    } as const;
    const videos = [makeVideo(1, { title: 'Mute', notices }), makeVideo(2, { title: 'Stuck', ...stuck })];
    const words = {
      en: [
        'No sound',
        'its audio format is not supported',
        'Waiting for the storage',
        'continues automatically',
      ],
      'zh-CN': ['无声音', '不支持其声音格式', '等待存储服务', '自动继续'],
    } as const;
    for (const language of ['en', 'zh-CN'] as const) {
      const { page, card } = await open(videos, language);
      const [short, long, reason, hint] = words[language];
      await page.getByRole('button', { name: new RegExp(`^Mute.*${short}`) }).click();
      await page.getByText(long).waitFor();
      await page.getByText('In the words of the server.').waitFor();
      await page.getByRole('button', { name: /^(Back|返回)/ }).click();
      await card('Stuck').click();
      await page.getByText(reason).first().waitFor();
      await page.getByText(hint).waitFor();
      await page.close();
    }
  });

  test('keeps search, filter and order while a video is open', async () => {
    const failed = { status: 'failed', playback_url: null, error: null } as const;
    const { page, asked, card } = await open([
      makeVideo(1, { title: 'Harbour' }),
      makeVideo(2, { title: 'Fjord', ...failed }),
      makeVideo(3, { title: 'Fjord again' }),
    ]);
    await page.getByRole('searchbox', { name: 'Search videos' }).fill('fjord');
    await card('Harbour').waitFor({ state: 'detached' });
    await page.getByRole('combobox', { name: 'State' }).click();
    await page.getByRole('option', { name: 'Failed' }).click();
    await card('Fjord again').waitFor({ state: 'detached' });
    const last = (await asked('library.list')).at(-1);
    assert.deepEqual(last, { limit: 60, offset: 0, sort: 'newest', search: 'fjord', status: 'failed' });
    await card('Fjord').click();
    await page.getByRole('heading', { name: 'Fjord', level: 1 }).waitFor();
    await page.getByRole('button', { name: 'Back to the library' }).click();
    assert.equal(await page.getByRole('searchbox').inputValue(), 'fjord');
    await page.getByText('1 video', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Clear search' }).click();
    await page.getByRole('combobox', { name: 'State' }).click();
    await page.getByRole('option', { name: 'All states' }).click();
    await card('Harbour').waitFor();
    await page.close();
  });

  test('a video that is processed is followed until it is online', async () => {
    const facts = { status: 'transcoding', phase: 'encoding', playback_url: null, playable: false } as const;
    const { page } = await open([makeVideo(1, { ...facts, progress: 40, eta_seconds: 95 })]);
    await page.getByText('Encoding · 40% · 2 min left').waitFor();
    const change = (facts: Partial<Video>) =>
      page.evaluate(`preview.state.videos[0] = { ...preview.state.videos[0], ...${JSON.stringify(facts)} }`);
    await change({ progress: 62, eta_seconds: null });
    await page.getByText('Encoding · 62%', { exact: true }).waitFor();
    await change({ status: 'online', phase: null });
    await page.getByText(/^Private · 20 Nov/).waitFor();
    await page.close();
  });

  test('shows an upload that became a video at once', async () => {
    const { page, card } = await open([makeVideo(1)]);
    await card('Film 1').waitFor();
    await page.evaluate(`{
      preview.state.videos.unshift({ ...preview.state.videos[0], id: 2, title: 'Fresh' });
      const upload = { id: 'a', state: 'processing', videoId: 2, path: '/a.mp4', fileName: 'a.mp4', failure: null };
      preview.send('queue.changed', { changed: [{ ...upload, retrying: null, video: null }], removed: [], order: ['a'] });
    }`);
    await card('Fresh').waitFor({ timeout: 5_000 });
    await page.close();
  });

  test('keeps unsaved texts when the video is opened again', async () => {
    const { page, card, asked } = await open([makeVideo(1), makeVideo(2)]);
    await card('Film 1').click();
    await page.getByRole('textbox', { name: 'Title' }).fill('A better title');
    await page.getByText('Unsaved changes').waitFor();
    await page.getByRole('button', { name: 'Back to the library' }).click();
    await card('Film 2').click();
    assert.equal(await page.getByRole('textbox', { name: 'Title' }).inputValue(), 'Film 2');
    await page.getByRole('button', { name: 'Back to the library' }).click();
    await card('Film 1').click();
    assert.equal(await page.getByRole('textbox', { name: 'Title' }).inputValue(), 'A better title');
    assert.deepEqual(await asked('library.update'), []);
    await page.getByRole('button', { name: 'Discard changes' }).click();
    assert.equal(await page.getByRole('textbox', { name: 'Title' }).inputValue(), 'Film 1');
    await page.close();
  });

  test('creates a new link by keyboard, after a confirmation; a public video offers none', async () => {
    const { page, card, asked } = await open([
      makeVideo(1, { visibility: 'unlisted', legacy_link_until: '2026-12-24T18:00:00.000Z' }),
      makeVideo(2, { visibility: 'public' }),
    ]);
    await card('Film 1').click();
    await page.getByText(/^The old link to this video.* until 24 Dec 2026/).waitFor();
    const button = page.getByRole('button', { name: 'Create new link…' });
    await button.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Create a new link?' });
    await dialog.getByText('All links to “Film 1”').waitFor();
    // the safe choice has the focus
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'hidden' });
    assert.deepEqual(await asked('library.renewLink'), []);
    await button.press('Enter');
    await dialog.waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('New link copied to the clipboard.').waitFor();
    await dialog.waitFor({ state: 'hidden' });
    assert.deepEqual(await asked('library.renewLink'), [{ videoId: 1 }]);
    await page.getByText(/^The old link to this video/).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Back to the library' }).click();
    await card('Film 2').click();
    await page.getByRole('combobox', { name: 'Who can watch' }).waitFor();
    assert.equal(await button.count(), 0);
    await page.close();
  });

  test('plays a film in the language of the app, with qualities and previews, and closes its connections', async () => {
    const { page, complaints, card } = await open([makeVideo(1, { duration: SECONDS })], 'zh-CN');
    const requested: string[] = [];
    await page.route('**/hls/*', (route) => {
      const name = path.basename(new URL(route.request().url()).pathname);
      requested.push(name);
      return route.fulfill({ path: path.join(media, name) });
    });
    await page.evaluate(`Object.assign(preview.state.videos[0], {
      playback_url: location.origin + '/hls/master.m3u8',
      storyboard_url: location.origin + '/hls/storyboard.vtt',
    })`);
    await card('Film 1').click();
    const player = page.getByRole('region', { name: '视频播放器' });
    await player.getByRole('button', { name: '播放', exact: true }).first().click();
    const video = await player.locator('video').elementHandle();
    assert.ok(video);
    const read = (what: string) =>
      // a video element, which has these properties
      video.evaluate((element: unknown, key) => (element as Record<string, unknown>)[key], what);
    await waitFor('it plays', async () => Number(await read('currentTime')) > 0.5);

    await player.getByRole('button', { name: /^清晰度和倍速/ }).click();
    await player.getByRole('menuitemradio', { name: '180p' }).click();
    await waitFor('180p is shown', async () => (await read('videoHeight')) === 180);
    await page.keyboard.press('Escape');
    await player.getByRole('slider', { name: '播放进度' }).hover();
    await player.locator('.preview-tile').waitFor();

    await page.getByRole('button', { name: '返回视频库' }).click();
    await card('Film 1').waitFor();
    await waitFor('the video is let go of', async () => (await read('readyState')) === 0);
    assert.equal(await read('isConnected'), false);
    assert.ok(!(await read('src')), 'it holds no source');
    assert.ok(requested.includes('storyboard.vtt'));
    assert.deepEqual(complaints.filter(isOwn), []);
    await page.close();
  });
});

/** Films of the examples that do not exist are no fault of the page. */
function isOwn(complaint: string): boolean {
  return !complaint.includes('Failed to load resource') && !complaint.includes('Content Security Policy');
}
