import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import { videoFolder } from '@reelmill/shared/core/objectKeys.ts';
import { CleanupStack } from '@reelmill/shared/runtime/cleanupStack.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { openDatabase } from '../../server/src/db/database.ts';
import { openSourceReader } from '../../worker/src/source/sourceReader.ts';
import { DocumentedApi } from '../support/apiClient.ts';
import { type Distributed, openDistributed } from '../support/distributed.ts';
import { countFrames, FILM_RATE, makeFilm } from '../support/films.ts';
import { useMariaDb } from '../support/mariadb.ts';
import { startMinio } from '../support/minio.ts';
import { makePrivateCa, type PrivateCa } from '../support/privateCa.ts';
import { makeTemporaryFolder, startProcess, type TemporaryFolder, waitFor } from '../support/processes.ts';
import { startRabbitMq } from '../support/rabbitmq.ts';
import { beginSingle, complete, put } from '../support/uploads.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const SECONDS = 12;
const SEGMENT_SECONDS = 5;
const TRANSCODE_MS = 180_000;

const publicCertificates = getCACertificates('default');
const cleanupStack = new CleanupStack();
let folder: TemporaryFolder;
let ca: PrivateCa;
let amqpUrl: string;
let mysqlUrl: string;
let storeAccess: { endpoint: string; accessKey: string; secretKey: string };
let farm: Distributed;

before(async () => {
  folder = await makeTemporaryFolder('remote');
  cleanupStack.add('folder', () => folder.remove());
  ca = await makePrivateCa();
  cleanupStack.add('CA', () => ca.remove());
  // this process talks to the store, too
  setDefaultCACertificates([...publicCertificates, await readFile(ca.caFile, 'utf8')]);
  const minio = await startMinio(undefined, await ca.issue('minio'));
  cleanupStack.add('MinIO', () => minio.stop());
  const rabbitMq = await startRabbitMq({ tls: await ca.issue('rabbitmq') });
  cleanupStack.add('RabbitMQ', () => rabbitMq.dispose());
  const mariaDb = await useMariaDb(await ca.issue('mariadb'));
  cleanupStack.add('MariaDB', () => mariaDb.dispose());
  amqpUrl = rabbitMq.url;
  mysqlUrl = mariaDb.url;
  storeAccess = minio;
  farm = await openDistributed({ amqpUrl, mysqlUrl, minio, env: { NODE_EXTRA_CA_CERTS: ca.caFile } });
  cleanupStack.add('farm', () => farm.dispose());
});
after(() => cleanupStack.release());

test('over TLS, with a CA of its own, a worker makes a whole video from the addresses of broker and store', async () => {
  assert.match(amqpUrl, /^amqps:/);
  assert.match(storeAccess.endpoint, /^https:/);
  assert.match(mysqlUrl, /\?ssl=true$/);
  const server = await farm.startServer();
  await farm.startWorker('far-away');
  const user = await (await DocumentedApi.of(server.url)).signUp('remote');
  const film = await makeFilm(folder.path, { seconds: SECONDS, size: '640x360' });
  const { videoId, url } = await beginSingle(user);
  assert.match(url, /^https:/);
  assert.equal(await put(url, new Uint8Array(await readFile(film))), 200);
  assert.equal((await complete(user, videoId)).status, 202);

  const { sources } = await waitFor(
    'the video is online',
    async () => {
      const detail = (await user.call('GET', `/videos/${videoId}`)).as(videoDetailSchema);
      assert.equal(detail.video.error, null);
      return detail.video.status === 'online' ? detail : null;
    },
    { timeoutMs: TRANSCODE_MS, pollMs: 250 },
  );
  for (const { quality } of sources) {
    const segments = Math.ceil(SECONDS / SEGMENT_SECONDS);
    const frames = await countFrames(farm.store, folder.path, {
      videoFolder: videoFolder(await farm.videoOf(videoId)),
      quality,
      segments,
    });
    assert.equal(frames, SECONDS * FILM_RATE);
  }
});

test('a worker that does not know the CA speaks to nobody', async () => {
  const stranger = startProcess(process.execPath, [path.join(ROOT, 'worker/src/main.ts')], {
    name: 'stranger',
    cwd: ROOT,
    env: {
      REELMILL_PROFILE: 'distributed',
      AMQP_URL: amqpUrl,
      S3_ENDPOINT: storeAccess.endpoint,
      S3_ACCESS_KEY: storeAccess.accessKey,
      S3_SECRET_KEY: storeAccess.secretKey,
      WORK_DIR: path.join(folder.path, 'stranger'),
      DRAIN_SECONDS: '0',
    },
  });
  try {
    assert.equal((await stranger.waitForExit(60_000)).code, 2);
    assert.match(stranger.lastLines(), /^(?:AMQP_URL|S3_ENDPOINT): .*certificate/m);
    assert.doesNotMatch(stranger.lastLines(), /this worker takes tasks/);
  } finally {
    await stranger.stop();
  }
});

test('a source is read only from a store whose certificate is vouched for', async () => {
  const logger = createLogger({ level: 'silent', name: 'test' });
  const key = 'raw/1/source.bin';
  const body = Buffer.from('some bytes of a source');
  await farm.store.put(key, body, { contentType: 'video/mp4', sizeBytes: body.length });
  const read = async () => {
    const source = { key, sizeBytes: body.length };
    const reader = await openSourceReader({
      ...{ store: farm.store, source, logger, withSocket: false },
      timing: { outageMs: 500 },
    });
    try {
      const response = await fetch(reader.url).catch(() => null);
      return { bytes: response && Buffer.from(await response.arrayBuffer()), fault: reader.fault };
    } finally {
      await reader.close();
    }
  };
  assert.deepEqual(await read(), { bytes: body, fault: null });
  const trusted = getCACertificates('default');
  // public ones alone
  setDefaultCACertificates(publicCertificates);
  try {
    const { bytes, fault } = await read();
    assert.equal(bytes, null);
    assert.equal(fault?.code, 'source_unreachable');
    assert.match(fault?.diagnostics ?? '', /certificate/);
  } finally {
    setDefaultCACertificates(trusted);
  }
});

test('a database is spoken to only where its certificate is vouched for', async () => {
  const logger = createLogger({ level: 'silent', name: 'test' });
  const trusted = getCACertificates('default');
  setDefaultCACertificates(publicCertificates);
  try {
    await assert.rejects(openDatabase({ url: mysqlUrl }, logger), /certificate/);
    const unsafe = mysqlUrl.replace('?ssl=true', '');
    // or else everything above would prove nothing
    await assert.rejects(openDatabase({ url: unsafe }, logger), /Access denied|secure transport/);
  } finally {
    setDefaultCACertificates(trusted);
  }
});
