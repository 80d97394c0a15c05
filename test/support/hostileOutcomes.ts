import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { HostileFile } from './hostileMedia.ts';
import { type MediaStore, startMediaStore } from './mediaStore.ts';
import { measurePrograms } from './programUsage.ts';
import { transcode } from './transcode.ts';

/** Files that are mapped, the program and its libraries, count as held, and newer versions have more of them. */
const MAPPED_FILES = 160 * 1024 ** 2;
const MAX_MEMORY = 1.5 * 1024 ** 3 + MAPPED_FILES;
const MAX_CPU_SECONDS = 60;
const OUTCOMES =
  /^(published|program_died|limits_exceeded|undecodable|not_a_video|unreadable_file|unsupported_codec|broken_timestamps|frame_count_mismatch|no_video_stream)$/;

/** One test for each file: it is published or refused, and takes neither memory nor processor time without bound. */
export function testHostileFiles(files: Readonly<Record<string, HostileFile>>): void {
  let media: MediaStore;
  before(async () => {
    media = await startMediaStore();
  });
  after(() => media.close());

  /** What became of a file: `published`, or the code of the error. */
  async function outcomeOf(file: string): Promise<string> {
    try {
      await transcode(media, file);
      return 'published';
    } catch (error) {
      if (!(error instanceof ReelmillError)) throw error;
      return error.code;
    }
  }

  for (const [name, make] of Object.entries(files)) {
    test(`${name}: neither memory nor processor time is taken without bound`, async (context) => {
      const folder = await mkdtemp(path.join(tmpdir(), 'reelmill-hostile-'));
      try {
        const file = await make(folder);
        let outcome = '';
        const { peakBytes, cpuSeconds } = await measurePrograms(async () => {
          outcome = await outcomeOf(file);
        });
        context.diagnostic(`${outcome}, ${Math.round(peakBytes / 1024 ** 2)} MiB, ${cpuSeconds} s`);
        assert.ok(peakBytes <= MAX_MEMORY, `${peakBytes} bytes`);
        assert.ok(cpuSeconds <= MAX_CPU_SECONDS, `${cpuSeconds} s`);
        assert.match(outcome, OUTCOMES);
        assert.deepEqual(await readdir(media.workDir).catch(() => []), []);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  }
}
