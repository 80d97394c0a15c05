import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { videoListSchema } from '@reelmill/shared/contracts/videos.ts';
import { logInAs, runReelmill, startReelmill } from '../support/cli.ts';
import { type EngineFixture, startEngineFixture } from '../support/engineFixture.ts';
import { makeTemporaryFolder } from '../support/processes.ts';
import { startTestServer } from '../support/server.ts';

for (const store of ['disk', 'minio'] as const) {
  const part = store === 'disk' ? 256 * 1024 : 5 * 1024 * 1024;
  describe(`the same file sent by two programs to the ${store} store`, { timeout: 120_000 }, () => {
    let fixture: EngineFixture;
    before(async () => {
      fixture = await startEngineFixture({ store, partSizeBytes: part });
    });
    after(() => fixture.stop());

    /** Programs with folders of their own, or of one user with one folder. */
    for (const second of ['other', 'here']) {
      test(`succeeds for both, with ${second === 'here' ? 'one journal' : 'two journals'}`, async () => {
        const file = await fixture.makeFile(`together-${second}.mp4`, 8 * part);
        const settings = { partConcurrency: 2 };
        const one = fixture.startEngine({ bytesPerSecond: 8 * part, settings });
        const first = one.manager.add({ path: file });
        await one.see((event) => event.type === 'progress' && event.upload.acknowledgedBytes > 0);
        const two = fixture.startEngine({ machine: second, bytesPerSecond: 8 * part, settings });
        const joined = two.manager.add({ path: file });
        const [a, b] = await Promise.all([one.reach(first, 'processing'), two.reach(joined, 'processing')]);
        assert.equal(a.videoId, b.videoId, 'one video');
        assert.ok(a.videoId);
        assert.deepEqual(await fixture.readStored(a.videoId), await readFile(file));
        await Promise.all([one.manager.close(), two.manager.close()]);
      });
    }

    test('is continued by the second when the first stops half way', {
      skip: store === 'minio',
    }, async () => {
      const file = await fixture.makeFile('left.mp4', 8 * part);
      const one = fixture.startEngine({ bytesPerSecond: 4 * part, settings: { partConcurrency: 1 } });
      one.manager.add({ path: file });
      await one.see((event) => event.type === 'progress' && event.upload.acknowledgedBytes > 0);
      const two = fixture.startEngine({
        machine: 'other',
        bytesPerSecond: 4 * part,
        settings: { partConcurrency: 1, stallMs: 1_000 },
      });
      const joined = two.manager.add({ path: file });
      await two.see((event) => event.type === 'progress' && event.upload.acknowledgedBytes > part);
      await one.manager.close();
      const { videoId } = await two.reach(joined, 'processing');
      assert.ok(videoId);
      assert.deepEqual(await fixture.readStored(videoId), await readFile(file));
    });
  });
}

test('two command lines that send the same file both exit with 0, and there is one video', {
  timeout: 180_000,
}, async (t) => {
  const folder = await makeTemporaryFolder('same-file');
  t.after(() => folder.remove());
  const server = await startTestServer();
  t.after(() => server.stop());
  const file = path.join(folder.path, 'film.mp4');
  await writeFile(file, randomBytes(40_000_000));
  const [one, two] = [path.join(folder.path, 'one'), path.join(folder.path, 'two')];
  for (const config of [one, two]) await logInAs(config, server.url, 'ann');
  const upload = ['upload', file, '--json', '--concurrency', '2'];
  // so slow that the second comes in time on any machine
  const first = startReelmill(one, [...upload, '--limit-rate', '300K']);
  t.after(() => first.stop());
  await first.waitForLine(/"event":"progress".*"sent_bytes":[1-9]/, 60_000);
  const second = await runReelmill(two, upload);
  assert.equal(second.code, 0, second.stdout + second.stderr);
  assert.equal((await first.waitForExit(60_000)).code, 0, first.lastLines());
  const { stdout } = await runReelmill(one, ['list', '--json']);
  const { videos } = videoListSchema.parse(JSON.parse(stdout));
  assert.deepEqual(
    videos.map((video) => [video.file_name, video.size_bytes]),
    [['film.mp4', 40_000_000]],
  );
});
