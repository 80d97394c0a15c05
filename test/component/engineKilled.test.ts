import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type EngineFixture, startEngineFixture } from '../support/engineFixture.ts';
import { startEngineProcess } from '../support/engineProcess.ts';

const MIB = 1024 * 1024;
const PART = MIB;

describe('a queue whose process is killed', { timeout: 180_000 }, () => {
  let fixture: EngineFixture;
  before(async () => {
    fixture = await startEngineFixture({ store: 'disk', partSizeBytes: PART });
  });
  after(() => fixture.stop());

  const videosOf = (name: string) =>
    [...fixture.api.videos.values()].filter(({ fileName }) => fileName === name);

  test('is the same in the next process, and resumes where it stopped', async () => {
    const names = ['done.mp4', 'half.mp4', 'later.mp4', 'held.mp4', 'first.mp4'];
    const files = await Promise.all(
      names.map((name, index) => fixture.makeFile(name, index === 0 ? 10 : 4 * PART)),
    );
    const missing = path.join(fixture.folder, 'missing.mp4');
    const where = { serverUrl: fixture.api.url, folder: path.join(fixture.folder, 'killed') };
    const first = startEngineProcess({
      ...where,
      add: [missing, ...files],
      pause: ['held.mp4'],
      moveFirst: 'first.mp4',
      bytesPerSecond: 2 * MIB,
    });
    await first.waitForLine(/^sent half\.mp4 (1|2)\d{6}$/);
    const sent = fixture.proxy.bytesToTarget;
    await first.kill();

    const second = startEngineProcess(where);
    const restored = (await second.waitForLine(/^queue/)).split(' ').slice(1);
    assert.deepEqual(
      restored.map((upload) => upload.split('=')[0]),
      ['first.mp4', 'missing.mp4', 'done.mp4', 'half.mp4', 'later.mp4', 'held.mp4'],
    );
    assert.ok(
      restored.includes('missing.mp4=failed') && restored.includes('held.mp4=paused'),
      restored.join(),
    );
    await second.waitForLine(
      /missing\.mp4=failed done\.mp4=processing half\.mp4=processing later\.mp4=processing held\.mp4=paused/,
    );
    // of half.mp4 only what was missing, and the whole of later.mp4
    assert.ok(fixture.proxy.bytesToTarget - sent < 7.5 * PART, `${fixture.proxy.bytesToTarget - sent}`);
    const [half] = videosOf('half.mp4');
    assert.ok(half);
    assert.deepEqual(await fixture.readStored(half.id), await readFile(files[1] ?? ''));
    // what was on the server before the kill is followed again
    for (const video of videosOf('done.mp4')) fixture.api.setStatus(video.id, 'online');
    await second.waitForLine(/done\.mp4=online/);
    await second.stop();
    for (const name of names) assert.ok(videosOf(name).length === (name === 'held.mp4' ? 0 : 1), name);
  });

  test('sends every file once, at whatever moment it is killed', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `often-${index}.mp4`);
    const files = await Promise.all(names.map((name) => fixture.makeFile(name, PART / 2)));
    const where = {
      serverUrl: fixture.api.url,
      folder: path.join(fixture.folder, 'often'),
      bytesPerSecond: 4 * MIB,
    };
    let engine = startEngineProcess({ ...where, add: files });
    await engine.waitForLine(/^set up/);
    const arrived = () => names.flatMap(videosOf).filter(({ status }) => status === 'transcoding').length;
    for (let kills = 0; kills < 8; kills++) {
      // any moment will do: the next file, a part, the end of one, the save of the queue
      await pause(40 + 60 * Math.random());
      await engine.kill();
      engine = startEngineProcess(where);
      await engine.waitForLine(/^set up/);
    }
    await engine.waitUntil('done', () => arrived() >= names.length);
    await engine.waitForLine(new RegExp(`^queue ${names.map((name) => `${name}=processing`).join(' ')}$`));
    await engine.stop();
    for (const name of names) {
      assert.equal(videosOf(name).filter(({ status }) => status === 'transcoding').length, 1, name);
    }
  });
});
