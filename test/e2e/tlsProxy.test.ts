import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { videoDetailSchema, videoListSchema } from '@reelmill/shared/contracts/videos.ts';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { type Caddy, findCaddyAddresses, startCaddy } from '../support/caddy.ts';
import { runReelmill } from '../support/cli.ts';
import { type Distributed, openDistributed } from '../support/distributed.ts';
import { EventReader } from '../support/eventReader.ts';
import { makeFilm } from '../support/films.ts';
import { findFreePort, makeTemporaryFolder, type TemporaryFolder, waitFor } from '../support/processes.ts';
import type { ServerProcess } from '../support/server.ts';
import { beginSingle, complete } from '../support/uploads.ts';

const MIB = 1024 ** 2;

describe('API and store behind Caddy', { timeout: 300_000 }, () => {
  let folder: TemporaryFolder;
  let farm: Distributed;
  let caddy: Caddy;
  let server: ServerProcess;
  let api: DocumentedApi;
  let user: ApiUser;
  let film: string;
  before(async () => {
    folder = await makeTemporaryFolder('tls');
    film = await makeFilm(folder.path, { seconds: 8, size: '640x360' });
    const addresses = await findCaddyAddresses();
    const port = await findFreePort();
    let store = '';
    farm = await openDistributed({
      env: {
        PORT: String(port),
        PUBLIC_URL: addresses.publicUrl,
        S3_PUBLIC_ENDPOINT: addresses.storePublicUrl,
        TRUST_PROXY: '1',
        API_CALLS_PER_SECOND: '20',
      },
      storeProxy: async (endpoint) => {
        store = new URL(endpoint).host;
        return { url: endpoint, close: async () => {} };
      },
    });
    caddy = await startCaddy(addresses, { api: `127.0.0.1:${port}`, store });
    server = await farm.startServer();
    assert.equal(server.url, addresses.publicUrl);
    api = await DocumentedApi.of(server.url);
    user = await api.signUp('ann');
  });
  after(async () => {
    await farm?.dispose();
    await caddy?.stop();
    await folder?.remove();
  });

  const detailOf = async (id: number) => (await user.call('GET', `/videos/${id}`)).as(videoDetailSchema);
  const runCli = (...args: string[]) => {
    const before = process.env.NODE_EXTRA_CA_CERTS;
    process.env.NODE_EXTRA_CA_CERTS = caddy.rootCertificate;
    try {
      return runReelmill(path.join(folder.path, 'config'), args, `${user.password}\n`);
    } finally {
      if (before === undefined) delete process.env.NODE_EXTRA_CA_CERTS;
      else process.env.NODE_EXTRA_CA_CERTS = before;
    }
  };

  test('a film goes up through TLS, is followed live, and plays, with ranges', async () => {
    const login = await runCli(
      'login',
      '--server',
      caddy.publicUrl,
      '--email',
      user.email,
      '--password-stdin',
    );
    assert.equal(login.code, 0, login.stderr);
    const upload = await runCli('upload', film);
    assert.equal(upload.code, 0, upload.stderr);
    const { videos } = (await user.call('GET', '/videos')).as(videoListSchema);
    const videoId = videos[0]?.id ?? 0;
    const events = await EventReader.open(`${caddy.publicUrl}/api/v1/videos/${videoId}/events`, user.token);
    // held back by a proxy, this would not come before the stream ends, and nobody works on the video yet
    assert.equal(videoDetailSchema.parse(await events.next()).video.status, 'transcoding');
    await farm.startWorker('worker');
    for (let event = await events.next(); event !== null; event = await events.next()) {
      const { status } = videoDetailSchema.parse(event).video;
      if (status !== 'transcoding') assert.equal(status, 'online');
    }

    const { video, sources } = await detailOf(videoId);
    assert.equal(video.status, 'online');
    const last = async (url = ''): Promise<string> => {
      assert.ok(url.startsWith('https://localhost:'), url);
      const answer = await fetch(url);
      assert.equal(answer.status, 200);
      const lines = (await answer.text()).split('\n');
      return lines.findLast((line) => line !== '' && !line.startsWith('#')) ?? '';
    };
    const segment = await last(await last(sources[0]?.url));
    assert.ok(segment.startsWith(`${caddy.storePublicUrl}/`), segment);
    const whole = await fetch(segment);
    const bytes = Buffer.from(await whole.arrayBuffer());
    assert.equal(whole.status, 200);
    const part = await fetch(segment, { headers: { Range: 'bytes=10-19' } });
    assert.equal(part.status, 206);
    assert.equal(part.headers.get('content-range'), `bytes 10-19/${bytes.length}`);
    assert.deepEqual(Buffer.from(await part.arrayBuffer()), bytes.subarray(10, 20));
  });

  test('a large upload streams through', async () => {
    const size = 256 * MIB;
    const { videoId, url } = await beginSingle(user, { file_name: 'large.mp4' });
    await putZeros(url, size);
    // what it needed at most, whatever went through
    const status = await readFile(`/proc/${caddy.process.pid}/status`, 'utf8');
    const peakMib = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
    assert.ok(peakMib > 1 && peakMib < 150, `Caddy used ${peakMib} MiB`);
    assert.equal((await complete(user, videoId)).status, 202);
    assert.equal((await detailOf(videoId)).video.size_bytes, size);
    await user.call('DELETE', `/videos/${videoId}`);
  });

  test('plain HTTP is sent on, and what is for the inside stays there', async () => {
    const redirect = await fetch(`http://localhost:${caddy.httpPort}/docs`, { redirect: 'manual' });
    assert.equal(redirect.status, 308);
    assert.match(redirect.headers.get('location') ?? '', /^https:\/\/localhost/);
    for (const hidden of ['/metrics', '/metrics/', '/METRICS', '/%6detrics']) {
      const answer = await fetch(`${caddy.publicUrl}${hidden}`);
      assert.equal(answer.status, 404, hidden);
      await answer.arrayBuffer();
    }
    const health = await fetch(`${caddy.publicUrl}/healthz`);
    assert.equal(health.status, 200);
    assert.match(health.headers.get('strict-transport-security') ?? '', /max-age=\d{8}/);
    await health.arrayBuffer();
    const admin = await fetch(`${caddy.storePublicUrl}/minio/health/live`);
    assert.equal(admin.status, 404);
    await admin.arrayBuffer();
  });

  test('nobody can claim another address', async () => {
    const statuses = new Set<number>();
    await waitFor('the limit of this address', async () => {
      const calls = Array.from({ length: 50 }, (_, index) =>
        api.call('GET', '/server', { headers: { 'X-Forwarded-For': `198.51.100.${index}` } }),
      );
      for (const { status } of await Promise.all(calls)) statuses.add(status);
      return statuses.has(429);
    });
  });
});

/** PUTs so many zeros, a little at a time. */
function putZeros(url: string, size: number): Promise<void> {
  const chunk = Buffer.alloc(MIB);
  return new Promise((resolve, reject) => {
    const call = request(url, { method: 'PUT', headers: { 'Content-Length': size } }, (response) => {
      response.resume();
      if (response.statusCode === 200) resolve();
      else reject(new Error(`the store answered ${response.statusCode}`));
    });
    call.on('error', reject);
    let left = size;
    const write = (): void => {
      while (left > 0) {
        left -= chunk.length;
        if (!call.write(chunk)) {
          call.once('drain', write);
          return;
        }
      }
      call.end();
    };
    write();
  });
}
