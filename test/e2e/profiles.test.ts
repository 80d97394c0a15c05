import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { deadLetterListSchema, farmSchema } from '@reelmill/shared/contracts/admin.ts';
import { type VideoDetail, videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import { objectKeys } from '@reelmill/shared/core/objectKeys.ts';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { DocumentedApi } from '../support/apiClient.ts';
import { startBrowser } from '../support/browser.ts';
import { checkImages, checkObjects, checkPlayable, checkRows, checkSource } from '../support/checkVideo.ts';
import { type Creator, signUpCreator } from '../support/creator.ts';
import { openDistributedProfile } from '../support/distributedProfile.ts';
import { EXPECTED_VIDEOS, type ExpectedVideo, FILM } from '../support/expectedVideos.ts';
import { makeFilm } from '../support/films.ts';
import { waitFor } from '../support/processes.ts';
import { listKeys } from '../support/publishedVideo.ts';
import { sampleFile } from '../support/samples.ts';
import { ADMIN, openStandalone, type ProfileUnderTest } from '../support/standaloneProfile.ts';
import { findVideoFolder } from '../support/videoFolders.ts';

const WATCHED_SECONDS = 2;

describe('the standalone profile', { timeout: 600_000 }, () => testProfile(openStandalone));
describe('the distributed profile', { timeout: 600_000 }, () => testProfile(openDistributedProfile));

/** From files on disk to videos that play: the same on every profile. */
function testProfile(open: () => Promise<ProfileUnderTest>): void {
  const cleanupStack = new CleanupStack();
  let profile: ProfileUnderTest;
  let creator: Creator;
  let film: string;
  const online = new Map<ExpectedVideo, { videoId: number; file: string }>();

  before(async () => {
    profile = await open();
    cleanupStack.add('profile', () => profile.stop());
    creator = await signUpCreator(profile.url, profile.models, 'creator');
    cleanupStack.add('creator', () => creator.close());
    film = await makeFilm(creator.folder, FILM);
  });
  after(() => cleanupStack.release());

  async function detailOf(videoId: number): Promise<VideoDetail> {
    return (await creator.user.call('GET', `/videos/${videoId}`)).as(videoDetailSchema);
  }

  test('every file goes from disk to online', async () => {
    const files = await Promise.all(
      EXPECTED_VIDEOS.map(({ file }) => (file === 'film' ? film : sampleFile(file))),
    );
    const uploads = await creator.upload(files);
    for (const [index, expected] of EXPECTED_VIDEOS.entries()) {
      const [file, upload] = [files[index], uploads[index]];
      const { state, failure, videoId } = upload ?? {};
      assert.equal(state, 'online', `${file}: ${failure?.code} ${failure?.message}\n${profile.lastLines()}`);
      assert.ok(file && videoId);
      online.set(expected, { videoId, file });
    }
  });

  for (const expected of EXPECTED_VIDEOS) {
    test(`${expected.title} is kept as it was and published as it should be`, async () => {
      const { videoId, file } = online.get(expected) ?? assert.fail('it did not come online');
      const folder = path.join(creator.folder, String(videoId));
      const detail = await detailOf(videoId);
      assert.deepEqual(creator.history.get(videoId), ['uploading', 'transcoding', 'online']);
      const progress = creator.progress.get(videoId) ?? [];
      assert.deepEqual(progress, [...progress].sort(ascending), 'its progress went back');
      await checkSource(profile, videoId, file);
      await checkRows(profile, videoId, expected);
      await checkObjects(profile, videoId);
      await checkPlayable(detail, expected, { file, folder });
      await checkImages(detail, expected, folder);
    });
  }

  test('a browser plays the watch page', async () => {
    const [{ videoId } = assert.fail('no video came online')] = online.values();
    const browser = await startBrowser();
    try {
      const { page, complaints } = await browser.open((await detailOf(videoId)).video.watch_url);
      await page.locator('.big-play').click();
      await waitFor('the video plays on', async () => {
        const position = await page.evaluate("document.querySelector('video').currentTime");
        return Number(position) > WATCHED_SECONDS;
      });
      assert.deepEqual(complaints, []);
    } finally {
      await browser.close();
    }
  });

  test('a playlist that calls itself a video is refused in plain words', async () => {
    const file = path.join(creator.folder, 'holiday.mp4');
    await writeFile(file, '#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:9/x.ts\n');
    const [upload] = await creator.upload([file]);
    assert.deepEqual(upload?.failure, {
      stage: 'transcode',
      code: 'playlist_refused',
      message: 'The file is a playlist, not a video; playlists are not accepted.',
      duplicateOf: null,
    });
    assert.ok(upload.videoId);
    assert.deepEqual(
      await listKeys(
        profile.store,
        objectKeys.processedPrefix(await findVideoFolder(profile.models, upload.videoId)),
      ),
      [],
    );
  });

  test('nothing is left: no task, no dead letter, no scratch file', async () => {
    const admin = await (await DocumentedApi.of(profile.url)).logIn(ADMIN);
    const farm = (await admin.call('GET', '/admin/farm')).as(farmSchema);
    const { pending = 0, queued = 0, running = 0, canceled = 0 } = farm.tasks;
    assert.deepEqual(
      { pending, queued, running, canceled },
      { pending: 0, queued: 0, running: 0, canceled: 0 },
    );
    assert.deepEqual(farm.queue, { ready: 0, consumers: profile.workerIds.length, dead_letters: 0 });
    const letters = (await admin.call('GET', '/admin/dead-letters')).as(deadLetterListSchema);
    assert.deepEqual(letters.dead_letters, []);
    const entries = await readdir(profile.workDir, { recursive: true, withFileTypes: true });
    // each worker has a folder there, and a process tells in a file that it is alive
    const left = entries.filter((entry) =>
      entry.isDirectory() ? entry.parentPath !== profile.workDir : !entry.name.startsWith('health.json'),
    );
    assert.deepEqual(left, []);
  });

  test('every worker had its share', async () => {
    const tasks = await profile.models.Task.findAll({ attributes: ['workerId'] });
    assert.deepEqual([...new Set(tasks.map(({ workerId }) => workerId))].sort(), profile.workerIds);
  });
}

function ascending(a: number, b: number): number {
  return a - b;
}
