import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { makeTemporaryFolder } from '../support/processes.ts';
import { startTestServer } from '../support/server.ts';

const run = promisify(execFile);
const SCRIPT = path.resolve(import.meta.dirname, 'curlFlow.sh');

test('a video goes online with curl and jq alone', async () => {
  const folder = await makeTemporaryFolder('curl');
  const server = await startTestServer({ env: { EMBEDDED_WORKER: 'true' } });
  try {
    const film = path.join(folder.path, 'a film with spaces.mp4');
    await run('ffmpeg', [
      ...['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=25:duration=3'],
      ...['-f', 'lavfi', '-i', 'sine=frequency=440:duration=3', '-c:v', 'libx264', '-preset', 'ultrafast'],
      ...['-c:a', 'aac', '-shortest', film],
    ]);
    const { stdout, stderr } = await run(SCRIPT, [server.url, film], { timeout: 240_000 });
    assert.match(stdout, /^#EXTM3U\n/);
    assert.match(stdout, /#EXT-X-STREAM-INF:.*RESOLUTION=320x240/);
    assert.match(stderr, /^transcoding/m);
    assert.match(stderr, /^online null 100$/m);
  } finally {
    await server.stop();
    await folder.remove();
  }
});
