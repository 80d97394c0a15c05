import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { taskKeys } from '@reelmill/shared/core/objectKeys.ts';
import { INIT_FILE, segmentFile } from '../../worker/src/segments/hlsArgs.ts';
import { SegmentCollector } from '../../worker/src/segments/segmentCollector.ts';
import { SegmentUploader } from '../../worker/src/segments/segmentUploader.ts';
import { type MediaStore, startMediaStore } from '../support/mediaStore.ts';
import { taskContext } from '../support/transcode.ts';

const QUALITY = '240p';

let media: MediaStore;
let folder: string;
let count = 0;
before(async () => {
  media = await startMediaStore();
  // one real segment, of which the folders of the tests are made
  folder = path.join(media.root, 'real');
  await mkdir(folder);
  const film = ['-f', 'lavfi', '-i', 'testsrc2=size=64x48:rate=10:duration=1', '-c:v', 'libx264'];
  const muxer = ['-f', 'hls', '-hls_segment_type', 'fmp4', '-hls_segment_filename', 'seg%d.m4s', 'list.m3u8'];
  await promisify(execFile)('ffmpeg', ['-v', 'error', ...film, ...muxer], { cwd: folder });
});
after(() => media.close());

/** Collects a folder with so many segments. */
async function collect(limits: { maxSegments: number; maxBytes: number }, segments: number) {
  const task = path.join(media.root, `task-${count}`);
  const videoFolder = `9-${count++}`;
  await mkdir(path.join(task, QUALITY), { recursive: true });
  await copyFile(path.join(folder, 'init.mp4'), path.join(task, QUALITY, INIT_FILE));
  for (let index = 0; index < segments; index++) {
    await copyFile(path.join(folder, 'seg0.m4s'), path.join(task, QUALITY, segmentFile(index)));
  }
  const uploads = new SegmentUploader(media.store, AbortSignal.timeout(60_000), limits.maxBytes);
  const collector = new SegmentCollector({
    folder: task,
    outputs: [{ name: QUALITY, size: { width: 64, height: 48 } }],
    contentType: 'video/mp4',
    keys: taskKeys(videoFolder, 1, null),
    firstSegment: 0,
    maxSegments: limits.maxSegments,
    shortEnd: null,
    uploads,
    context: taskContext(media),
    check: () => {},
  });
  const failure = await collector.collect().then(
    () => null,
    (error: unknown) => error,
  );
  await uploads.drain();
  let storedBytes = 0;
  for await (const { sizeBytes } of media.store.list(`processed/${videoFolder}/`)) storedBytes += sizeBytes;
  return { failure, storedBytes };
}

test('takes what was planned', async () => {
  const { failure, storedBytes } = await collect({ maxSegments: 3, maxBytes: 1_000_000 }, 3);
  assert.equal(failure, null);
  assert.ok(storedBytes > 0);
});

test('stores no more segments than were planned, whatever a program leaves behind', async () => {
  const { failure } = await collect({ maxSegments: 3, maxBytes: 1_000_000 }, 4);
  assert.ok(failure instanceof Error && 'code' in failure);
  assert.equal(failure.code, 'limits_exceeded');
});

test('stores no more bytes than the video may have, also after the program has ended', async () => {
  const { size } = await stat(path.join(folder, 'seg0.m4s'));
  const maxBytes = 3 * size;
  const { failure, storedBytes } = await collect({ maxSegments: 6, maxBytes }, 6);
  assert.ok(failure instanceof Error && 'code' in failure);
  assert.equal(failure.code, 'limits_exceeded');
  assert.ok(storedBytes <= maxBytes, `${storedBytes}`);
});
