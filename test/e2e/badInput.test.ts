import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { UploadSnapshot } from '@reelmill/desktop/contracts/desktop.ts';
import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import { type Video, videoDetailSchema, videoResponseSchema } from '@reelmill/shared/contracts/videos.ts';
import { objectKeys } from '@reelmill/shared/core/objectKeys.ts';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { type Creator, signUpCreator } from '../support/creator.ts';
import { waitFor } from '../support/processes.ts';
import { hashFile, hashObject, listKeys } from '../support/publishedVideo.ts';
import { sampleFile } from '../support/samples.ts';
import { openStandalone, type ProfileUnderTest } from '../support/standaloneProfile.ts';
import { findVideoFolder } from '../support/videoFolders.ts';

/** A file that is no video, and why it is refused. */
interface BadFile {
  name: string;
  make(file: string): Promise<void>;
  code: ErrorCode;
  message: RegExp;
}

const copyOf =
  (name: Parameters<typeof sampleFile>[0], share = 1) =>
  async (file: string) => {
    const bytes = await readFile(await sampleFile(name));
    await writeFile(file, bytes.subarray(0, Math.floor(bytes.length * share)));
  };
const saying = (text: string) => (file: string) => writeFile(file, text);

const HLS = '#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n';

/** The same in every run, for chance could make a format of it. */
const NOISE = createHash('shake256', { outputLength: 100_000 }).update('noise').digest();

const BAD_FILES: BadFile[] = [
  { name: 'playlist.mp4', make: saying(HLS), code: 'playlist_refused', message: /is a playlist/ },
  {
    name: 'list.mkv',
    make: saying("ffconcat version 1.0\nfile 'playlist.mp4'\n"),
    code: 'playlist_refused',
    message: /is a playlist/,
  },
  { name: 'only sound.mp4', make: copyOf('audio-only'), code: 'no_video_stream', message: /only sound/ },
  { name: 'a song.m4a', make: copyOf('cover-art'), code: 'no_video_stream', message: /cover picture/ },
  {
    name: 'cut off.mp4',
    make: copyOf('no-audio', 0.5),
    code: 'unreadable_file',
    message: /cut off|never finished/,
  },
  { name: 'locked.mp4', make: copyOf('encrypted'), code: 'encrypted', message: /encrypted/ },
  {
    name: 'noise.mp4',
    make: (file) => writeFile(file, NOISE),
    code: 'not_a_video',
    message: /not a video|not in a video format/,
  },
  {
    name: 'zeros.mov',
    make: (file) => writeFile(file, Buffer.alloc(100_000)),
    code: 'not_a_video',
    message: /not a video|not in a video format/,
  },
  {
    name: 'a letter.avi',
    make: saying('Dear all,\n'.repeat(500)),
    code: 'not_a_video',
    message: /not a video|not in a video format/,
  },
  {
    name: 'one byte.mp4',
    make: saying('x'),
    code: 'not_a_video',
    message: /not a video|not in a video format/,
  },
];

describe('files that are no videos', { timeout: 300_000 }, () => {
  const cleanupStack = new CleanupStack();
  let profile: ProfileUnderTest;
  let creator: Creator;
  let failed: UploadSnapshot[];

  before(async () => {
    profile = await openStandalone();
    cleanupStack.add('profile', () => profile.stop());
    creator = await signUpCreator(profile.url, profile.models, 'hopeful');
    cleanupStack.add('creator', () => creator.close());
    for (const { name, make } of BAD_FILES) await make(pathOf(name));
    failed = await creator.upload(BAD_FILES.map(({ name }) => pathOf(name)));
  });
  after(() => cleanupStack.release());

  const pathOf = (name: string): string => path.join(creator.folder, name);

  async function videoOf(videoId: number): Promise<Video> {
    return (await creator.user.call('GET', `/videos/${videoId}`)).as(videoDetailSchema).video;
  }

  /** Failed for good, in a sentence that gives nothing of the machine away; nothing published, nothing lost. */
  async function checkFailed(bad: BadFile, videoId: number, plans: number): Promise<void> {
    const video = await videoOf(videoId);
    assert.deepEqual([video.status, video.error?.code], ['failed', bad.code]);
    assert.match(video.error?.message ?? '', bad.message);
    assert.match(video.error?.message ?? '', /^[A-Z].*\.$/);
    assert.doesNotMatch(video.error?.message ?? '', /https?:|\/|ffmpeg|ffprobe|0x/);
    assert.deepEqual([video.playable, video.playback_url, video.phase], [false, null, null]);

    const tasks = await profile.models.Task.findAll({ where: { videoId }, order: ['planVersion'] });
    assert.deepEqual(
      tasks.map(({ kind, state, deliveries, planVersion }) => ({ kind, state, deliveries, planVersion })),
      Array.from({ length: plans }, (_, index) => ({
        kind: 'inspect',
        state: 'failed',
        // the second try is the second opinion
        deliveries: 2,
        planVersion: index + 1,
      })),
      'it was tried more often than twice',
    );
    assert.deepEqual(
      await listKeys(
        profile.store,
        objectKeys.processedPrefix(await findVideoFolder(profile.models, videoId)),
      ),
      [],
    );
    const source = await profile.models.Video.findByPk(videoId, { rejectOnEmpty: true });
    assert.equal(await hashObject(profile.store, source.sourceKey), await hashFile(pathOf(bad.name)));
  }

  for (const [index, bad] of BAD_FILES.entries()) {
    test(`${bad.name} is refused: ${bad.code}`, async () => {
      const upload = failed[index];
      assert.ok(upload?.videoId);
      assert.deepEqual([upload.state, upload.failure?.stage], ['failed', 'transcode']);
      assert.equal(upload.failure?.code, bad.code, upload.failure?.message);
      await checkFailed(bad, upload.videoId, 1);
    });
  }

  test('a retry looks again, once, and says the same', async () => {
    const [bad] = BAD_FILES;
    const [upload] = failed;
    assert.ok(bad && upload?.videoId);
    const { videoId } = upload;
    const answer = await creator.user.call('POST', `/videos/${videoId}/retry`);
    assert.equal(answer.status, 202, answer.text);
    const { video } = answer.as(videoResponseSchema);
    assert.deepEqual([video.status, video.progress, video.error], ['transcoding', 0, null]);
    await waitFor('it has failed again', async () => (await videoOf(videoId)).status === 'failed');
    await checkFailed(bad, videoId, 2);

    // the engine's own retry goes the same way
    await creator.manager.retry(upload.id);
    await creator.waitUntilFinished();
    const again = creator.manager.uploads.find(({ id }) => id === upload.id);
    assert.deepEqual([again?.state, again?.failure?.code], ['failed', bad.code]);
    await checkFailed(bad, videoId, 3);
  });

  test('an empty file is refused before anything is made of it', async () => {
    await writeFile(pathOf('empty.mp4'), '');
    const videosBefore = await profile.models.Video.count();
    const [upload] = await creator.upload([pathOf('empty.mp4')]);
    assert.deepEqual(
      [upload?.state, upload?.failure?.stage, upload?.failure?.code],
      ['failed', 'upload', 'empty_file'],
    );
    assert.equal(await profile.models.Video.count(), videosBefore);
  });

  test('a file that was cut in the middle of its pictures is published at the length it has', async () => {
    await copyOf('hevc-open-gop', 1 / 3)(pathOf('cut in the middle.mkv'));
    const [upload] = await creator.upload([pathOf('cut in the middle.mkv')]);
    assert.equal(upload?.state, 'online', upload?.failure?.message);
    assert.ok(upload.videoId);
    const { duration } = await videoOf(upload.videoId);
    assert.ok(duration !== null && duration > 1 && duration < 12, `${duration} s`);
    const refused = await creator.user.call('POST', `/videos/${upload.videoId}/retry`);
    assert.deepEqual([refused.status, refused.error.code], [409, 'state_conflict']);
  });
});
