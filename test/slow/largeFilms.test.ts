import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { type MediaStore, startMediaStore } from '../support/mediaStore.ts';
import { transcode } from '../support/transcode.ts';

const run = promisify(execFile);

let media: MediaStore;
let folder: string;
before(async () => {
  media = await startMediaStore();
  folder = await mkdtemp(path.join(tmpdir(), 'reelmill-large-'));
});
after(async () => {
  await media.close();
  await rm(folder, { recursive: true, force: true });
});

const x265 = 'log-level=error:bframes=3:keyint=4';
const x264 = 'ref=16:bframes=3:keyint=250:threads=2:b-pyramid=normal';
/** Films of 7680 x 4320, by the container's extension: frames and encoder. */
const FILMS: Readonly<Record<string, { extension: string; frames: number; codec: string[] }>> = {
  'HEVC of 10 bits': {
    extension: 'mp4',
    frames: 6,
    codec: ['-c:v', 'libx265', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p10le', '-x265-params', x265],
  },
  'H.264 with 16 reference frames': {
    extension: 'mp4',
    frames: 20,
    codec: ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-x264-params', x264],
  },
  'ProRes 4444': {
    extension: 'mov',
    frames: 2,
    codec: ['-c:v', 'prores_ks', '-profile:v', '4', '-pix_fmt', 'yuva444p10le'],
  },
};

for (const [name, { extension, frames, codec }] of Object.entries(FILMS)) {
  test(`an 8K film in ${name} is published in every rendition within its memory`, async () => {
    const file = path.join(folder, `film.${extension}`);
    const source = [
      '-f',
      'lavfi',
      '-i',
      'testsrc2=size=7680x4320:rate=24',
      '-f',
      'lavfi',
      '-i',
      'sine=duration=1',
    ];
    await run('ffmpeg', [
      ...['-v', 'error', '-nostdin', '-y', ...source, '-frames:v', String(frames), ...codec],
      ...['-c:a', 'aac', '-shortest', file],
    ]);
    const { facts, plan, renditions } = await transcode(media, file);
    assert.deepEqual([facts.video.codedWidth, facts.video.codedHeight], [7680, 4320]);
    assert.equal(plan.renditions[0]?.quality, '2160p');
    for (const { quality } of plan.renditions) {
      const made = renditions.get(quality)?.reduce((sum, output) => sum + output.frames, 0);
      assert.equal(made, plan.totalFrames, quality);
    }
  });
}
