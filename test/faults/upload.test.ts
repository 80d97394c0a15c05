import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { createClient } from '@reelmill/desktop/node/client.ts';
import { findClientFolder } from '@reelmill/desktop/node/clientFolder.ts';
import type { UploadStatus } from '@reelmill/shared/contracts/uploads.ts';
import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { logInAs, runReelmill, startReelmill } from '../support/cli.ts';
import { type FlakyProxy, startFlakyProxy } from '../support/flakyProxy.ts';
import { findFreePort, makeTemporaryFolder, type RunningProcess } from '../support/processes.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const MIB = 1024 * 1024;
/** Five parts of what the server cuts, the last of them small. */
const FILE_BYTES = 64 * MIB + 54_321;

interface JsonEvent {
  event: string;
  state: string;
  video_id: number;
  acknowledged_bytes: number;
  kept_bytes: number;
  restarts: number;
  code?: string;
  reason?: string;
}

describe('uploads by the command line to the real server', { timeout: 240_000 }, () => {
  let server: TestServer;
  let proxy: FlakyProxy;
  let folder: { path: string; remove(): Promise<void> };
  let here: string;
  const started: RunningProcess[] = [];

  before(async () => {
    folder = await makeTemporaryFolder('faults');
    here = path.join(folder.path, 'here');
    const port = await findFreePort();
    // the store is reached through the proxy, the API directly
    proxy = await startFlakyProxy(`http://127.0.0.1:${port}`);
    const env = { PORT: String(port), PUBLIC_URL: proxy.url, URL_TTL_SECONDS: '5' };
    server = await startTestServer({ env });
    await logInAs(here, server.url, 'creator');
  });
  afterEach(async () => {
    proxy.setFaults(() => undefined);
    for (const child of started.splice(0)) await child.kill();
  });
  after(async () => {
    await server.stop();
    await proxy.close();
    await folder.remove();
  });

  const makeFile = async (name: string): Promise<string> => {
    const file = path.join(folder.path, name);
    await writeFile(file, randomBytes(FILE_BYTES));
    return file;
  };
  const start = (configDir: string, ...args: string[]): RunningProcess => {
    const child = startReelmill(configDir, ['upload', '--json', ...args]);
    started.push(child);
    return child;
  };
  const upload = async (configDir: string, ...args: string[]): Promise<JsonEvent[]> => {
    const { code, stdout, stderr } = await runReelmill(configDir, ['upload', '--json', ...args]);
    assert.equal(code, 0, stderr);
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as JsonEvent); // the lines of our own CLI
  };
  /** Begins an upload, slow enough to be met in the middle of a part, and waits for its second part to be there. */
  const startSlowly = async (
    file: string,
    rate = '24M',
  ): Promise<{ child: RunningProcess; videoId: number }> => {
    const child = start(here, '--limit-rate', rate, '--concurrency', '2', file);
    const line = await child.waitForLine(/"event":"progress".*"acknowledged_bytes":(3|4|5|6)\d{7}/);
    return { child, videoId: (JSON.parse(line) as JsonEvent).video_id }; // the lines of our own CLI
  };
  const withApi = async <T>(
    ask: (api: ReturnType<ReturnType<typeof createClient>['api']>) => Promise<T>,
  ): Promise<T> => {
    const client = createClient(findClientFolder({ REELMILL_CONFIG_DIR: here }));
    try {
      const session = await client.session();
      assert.ok(session);
      return await ask(client.api(session));
    } finally {
      client.close();
    }
  };
  const signal = AbortSignal.timeout(240_000);
  const askForUpload = (id: number): Promise<UploadStatus> => withApi((api) => api.getUpload(id, signal));
  const askForVideo = (id: number): Promise<Video> =>
    withApi(async (api) => (await api.getVideo(id, signal)).video);
  const bytesMissing = async (videoId: number): Promise<number> => {
    const { parts } = await askForUpload(videoId);
    return FILE_BYTES - parts.reduce((sum, part) => sum + part.size, 0);
  };
  const assertStored = async (videoId: number, file: string): Promise<void> => {
    const chunks: Buffer[] = [];
    const { store, database } = server.context;
    const { sourceKey } = await database.models.Video.findByPk(videoId, { rejectOnEmpty: true });
    const source = await store.get(sourceKey);
    for await (const chunk of source) chunks.push(chunk);
    assert.ok(Buffer.concat(chunks).equals(await readFile(file)), 'the source in the store is the file');
  };

  test('killed in the middle of a part and started again, it sends only what is missing', async () => {
    const file = await makeFile('killed.mp4');
    const { child, videoId } = await startSlowly(file);
    await child.kill();
    const missing = await bytesMissing(videoId);
    assert.ok(missing > 0 && missing < FILE_BYTES, `${missing} bytes are missing`);

    const before = proxy.bytesToTarget;
    const events = await upload(here, file);
    const sent = proxy.bytesToTarget - before;
    assert.ok(sent >= missing && sent < missing + MIB, `${sent} bytes were sent for ${missing}`);
    assert.equal(events.at(-1)?.video_id, videoId);
    assert.equal((await askForVideo(videoId)).status, 'transcoding');
    await assertStored(videoId, file);
  });

  test('goes on from another machine, which has no journal', async () => {
    const file = await makeFile('moved.mp4');
    const { child, videoId } = await startSlowly(file);
    await child.kill();
    const missing = await bytesMissing(videoId);

    const elsewhere = path.join(folder.path, 'elsewhere');
    await logInAs(elsewhere, server.url, 'creator');
    const before = proxy.bytesToTarget;
    const events = await upload(elsewhere, file);
    const sent = proxy.bytesToTarget - before;
    assert.ok(sent >= missing && sent < missing + MIB, `${sent} bytes were sent for ${missing}`);
    assert.equal(events.at(-1)?.video_id, videoId);
    await assertStored(videoId, file);
  });

  test('begins anew, and says so, when the file changed in between', async () => {
    const file = await makeFile('changed.mp4');
    const { child, videoId } = await startSlowly(file);
    await child.kill();
    await appendFile(file, 'one more scene');

    const events = await upload(here, file);
    assert.ok(events.some(({ event, reason }) => event === 'restarted' && reason === 'file_changed'));
    const newId = events.at(-1)?.video_id;
    assert.ok(newId && newId !== videoId);
    assert.equal((await askForVideo(videoId)).status, 'canceled');
    await assertStored(newId, file);
  });

  test('renews URLs that expire on the way', async () => {
    const file = await makeFile('expiring.mp4');
    // about eight seconds for URLs that are good for five
    const events = await upload(here, '--limit-rate', '8M', file);
    const codes = new Set(events.flatMap(({ event, code }) => (event === 'retrying' ? [code] : [])));
    assert.deepEqual([...codes], ['signature_invalid']);
    const videoId = events.at(-1)?.video_id;
    assert.ok(videoId);
    await assertStored(videoId, file);
  });

  test('gets through a line that cuts, delays and truncates', async () => {
    const file = await makeFile('flaky.mp4');
    const first = proxy.connections;
    proxy.setFaults(
      (index) =>
        [
          { cutAfterBytes: 3 * MIB },
          { truncateResponseAfterBytes: 30 },
          { cutAfterBytes: 0 },
          { delayMs: 1 },
          { truncateResponseAfterBytes: 0 },
        ][index - first],
    );
    const events = await upload(here, file);
    assert.ok(events.some(({ event, code }) => event === 'retrying' && code === 'network'));
    const videoId = events.at(-1)?.video_id;
    assert.ok(videoId);
    await assertStored(videoId, file);
  });

  test('Ctrl-C aborts nothing on the server, and the same command goes on', async () => {
    const file = await makeFile('interrupted.mp4');
    const { child, videoId } = await startSlowly(file);
    child.child.kill('SIGINT');
    const { code } = await child.waitForExit();
    assert.equal(code, 130);
    assert.match(child.lastLines(), /run the same command to resume/);
    assert.equal((await askForVideo(videoId)).status, 'uploading');

    const events = await upload(here, file);
    assert.equal(events.at(-1)?.video_id, videoId);
    assert.ok((events.at(-1)?.kept_bytes ?? 0) > 0);
    await assertStored(videoId, file);
  });

  test('what is canceled is gone from the server, and the next upload is a new one', async () => {
    const file = await makeFile('canceled.mp4');
    const { child, videoId } = await startSlowly(file);
    child.child.kill('SIGINT');
    await child.waitForExit();
    const canceled = await runReelmill(here, ['cancel', String(videoId)]);
    assert.equal(canceled.code, 0, canceled.stderr);
    assert.equal((await askForVideo(videoId)).status, 'canceled');
    await assert.rejects(askForUpload(videoId), { code: 'upload_gone' });

    const events = await upload(here, file);
    assert.notEqual(events.at(-1)?.video_id, videoId);
    assert.equal(events.at(-1)?.kept_bytes, 0);
  });

  test('an upload that is canceled elsewhere meanwhile fails in plain words', async () => {
    const file = await makeFile('gone.mp4');
    const { child, videoId } = await startSlowly(file, '8M');
    // slow enough for another program to start and cancel it
    await runReelmill(here, ['cancel', String(videoId)]);
    const { code } = await child.waitForExit();
    assert.equal(code, 4);
    assert.match(
      child.lastLines(),
      /gone\.mp4: (The store no longer has this upload|This upload was canceled or has expired)/,
    );
  });
});
