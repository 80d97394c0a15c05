import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import { S3Client } from '@reelmill/shared/drivers/minio/s3Client.ts';
import { s3CodeOf } from '@reelmill/shared/drivers/minio/s3Errors.ts';
import { type Channel, connect } from 'amqplib';
import { type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { type Distributed, openDistributed } from '../support/distributed.ts';
import { composeDefinitions, type StoreUser, type StoreUsers, setUpStore } from '../support/farmUsers.ts';
import { makeFilm } from '../support/films.ts';
import { type MinioAccess, startMinio } from '../support/minio.ts';
import { makeTemporaryFolder, startProcess, type TemporaryFolder, waitFor } from '../support/processes.ts';
import { type RabbitMq, startRabbitMq } from '../support/rabbitmq.ts';
import { beginMultipart, beginSingle, complete, put } from '../support/uploads.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const REGION = 'us-east-1';
const BUCKET = 'reelmill';
const TASKS = 'video_transcoding_queue';
const ONLINE_MS = 120_000;

let folder: TemporaryFolder;
let rabbit: RabbitMq;
let minio: MinioAccess;
let users: StoreUsers;
let farm: Distributed;
let videoId: number;
let user: ApiUser;

before(async () => {
  folder = await makeTemporaryFolder('least-privilege');
  rabbit = await startRabbitMq({ definitions: await composeDefinitions() });
  minio = await startMinio();
  await setUpStore(minio);
  // once more, as at every start of compose: the new secrets hold
  users = await setUpStore(minio);
  const { endpoint } = minio;
  farm = await openDistributed({
    amqpUrl: rabbit.urlFor('reelmill-server'),
    bucket: {
      endpoint,
      publicEndpoint: endpoint,
      region: REGION,
      bucket: BUCKET,
      ...users.server,
      publicSigners: users,
    },
    env: { TASK_QUEUE: TASKS },
    workerEnv: {
      AMQP_URL: rabbit.urlFor('reelmill-worker'),
      S3_ACCESS_KEY: users.worker.accessKey,
      S3_SECRET_KEY: users.worker.secretKey,
    },
  });
});
after(async () => {
  await farm?.dispose();
  await minio?.stop();
  await rabbit?.dispose();
  await folder.remove();
});

test('a server and a worker with the rights that compose gives them make a video, and delete it', async () => {
  const server = await farm.startServer();
  await farm.startWorker('worker');
  user = await (await DocumentedApi.of(server.url)).signUp('least');
  const film = await makeFilm(folder.path, { seconds: 8, size: '640x360' });
  const upload = await beginSingle(user);
  videoId = upload.videoId;
  assert.equal(await put(upload.url, new Uint8Array(await readFile(film))), 200);
  assert.equal((await complete(user, videoId)).status, 202);
  await waitFor(
    'the video is online',
    async () => {
      const { video } = (await user.call('GET', `/videos/${videoId}`)).as(videoDetailSchema);
      assert.equal(video.error, null);
      return video.status === 'online';
    },
    { timeoutMs: ONLINE_MS, pollMs: 200 },
  );

  const another = await beginSingle(user);
  assert.equal((await user.call('DELETE', `/videos/${another.videoId}`)).status, 204);
});

test('what is PUT after complete, cancel or delete is never used, and goes within seconds', async () => {
  const good = Buffer.from('good');
  const done = await beginSingle(user);
  assert.equal(await put(done.url, new Uint8Array(good)), 200);
  assert.equal((await complete(user, done.videoId)).status, 202);
  const canceled = await beginSingle(user);
  assert.equal((await user.call('POST', `/videos/${canceled.videoId}/cancel`)).status, 200);
  const deleted = await beginSingle(user);
  assert.equal((await user.call('DELETE', `/videos/${deleted.videoId}`)).status, 204);
  await waitFor('the first purge', async () => {
    return Number((await farm.videoOf(deleted.videoId)).purgeAfter) > Date.now();
  });
  const { sourceKey, sourceEtag, objectFolder } = await farm.videoOf(done.videoId);
  for (const { url, videoId: id } of [done, canceled, deleted]) {
    // nobody can take an S3 URL back
    assert.equal(await put(url, new Uint8Array(9)), 200);
    const { putKey } = await farm.videoOf(id);
    await waitFor('what came late to go', async () => (await farm.store.stat(putKey ?? '')) === null, {
      timeoutMs: 60_000,
      pollMs: 200,
    });
  }
  assert.deepEqual(await farm.keysOf(`raw/${objectFolder}/`), [sourceKey]);
  assert.deepEqual(await buffer(await farm.store.get(sourceKey)), good);
  const [task] = await farm.tasksOf(done.videoId);
  assert.equal(task?.spec.source.etag, sourceEtag);
  assert.equal((await farm.store.stat(sourceKey))?.etag, sourceEtag);
});

test('a part of another size than planned is refused by the store itself', async () => {
  const { videoId: id, plan } = await beginMultipart(user, 10);
  for (const size of [0, 9, 11, 10_000]) {
    assert.equal(await put(plan.urls[0]?.url, new Uint8Array(size)), 403, String(size));
  }
  assert.equal(await put(plan.urls[0]?.url, new Uint8Array(10)), 200);
  assert.equal((await user.call('DELETE', `/videos/${id}/upload`)).status, 204);
});

test('a worker reads sources and writes results in the store, and nothing else', async () => {
  await withClient(users.worker, async (worker) => {
    const source = (await farm.videoOf(videoId)).sourceKey;
    const [published] = await farm.keysOf('processed/');
    (await worker.getObject(BUCKET, source)).destroy();
    await worker.putObject(BUCKET, `processed/${videoId}/written`, 'x');

    await assertDenied(worker.putObject(BUCKET, source, 'x'));
    await assertDenied(worker.putObject(BUCKET, 'elsewhere/x', 'x'));
    await assertDenied(worker.getObject(BUCKET, published ?? ''));
    await assertDenied(worker.removeObject(BUCKET, source));
    await assertDenied(worker.removeObject(BUCKET, published ?? ''));
    await assertDenied(worker.listObjectsV2Query(BUCKET, 'raw/', '', '', 10, ''));
    await assertDenied(worker.initiateNewMultipartUpload(BUCKET, 'raw/x', {}));
    await assertDenied(worker.getBucketPolicy(BUCKET));
    await assertDenied(worker.makeBucket('another', REGION));
    await withClient(minio, (root) => root.makeBucket('private', REGION));
    assert.deepEqual(
      (await worker.listBuckets()).map(({ name }) => name),
      [BUCKET],
    );
    await assertDenied(worker.knowsBucket('private'));
  });
});

test("a server has the bucket's objects, and nothing else of the store", async () => {
  await withClient(users.server, async (server) => {
    await assertDenied(server.makeBucket('another', REGION));
    await assertDenied(server.knowsBucket('private'));
    await assertDenied(server.removeBucket(BUCKET));
    await assertDenied(server.setBucketPolicy(BUCKET, '{}'));
  });
});

test('the users who sign public URLs put sources or get results, and nothing else', async () => {
  const source = (await farm.videoOf(videoId)).sourceKey;
  const published = (await farm.keysOf('processed/'))[0] ?? '';
  const mine = `raw/${videoId}-mine/upload`;
  await withClient(users.upload, async (upload) => {
    await upload.putObject(BUCKET, mine, 'x');
    await assertDenied(upload.putObject(BUCKET, 'processed/x', 'x'));
    await assertDenied(upload.putObject(BUCKET, 'elsewhere/x', 'x'));
    for (const key of [source, published, mine]) {
      await assertDenied(upload.getObject(BUCKET, key));
      await assertDenied(upload.removeObject(BUCKET, key));
      await assertDenied(upload.setObjectTagging(BUCKET, key, { a: 'b' }));
    }
    await assertDenied(upload.listObjectsV2Query(BUCKET, 'raw/', '', '', 10, ''));
    await assertDenied(upload.listIncompleteUploadsQuery(BUCKET, '', '', '', ''));
    await assertDenied(upload.knowsBucket(BUCKET));
  });
  await withClient(users.playback, async (playback) => {
    (await playback.getObject(BUCKET, published)).destroy();
    for (const key of [source, mine]) await assertDenied(playback.getObject(BUCKET, key));
    for (const key of [published, mine, 'processed/x']) {
      await assertDenied(playback.putObject(BUCKET, key, 'x'));
      await assertDenied(playback.removeObject(BUCKET, key));
    }
    await assertDenied(playback.listObjectsV2Query(BUCKET, 'processed/', '', '', 10, ''));
    await assertDenied(playback.initiateNewMultipartUpload(BUCKET, 'processed/x', {}));
    await assertDenied(playback.knowsBucket(BUCKET));
  });
});

test('a worker takes tasks and tells results at the broker, and nothing else', async () => {
  await assertRefused((channel) => publish(channel, '', TASKS));
  await assertRefused((channel) => publish(channel, '', `${TASKS}.dead`));
  await assertRefused((channel) => publish(channel, `${TASKS}.control`, ''));
  await assertRefused((channel) => channel.consume(`${TASKS}.events`, () => undefined));
  await assertRefused((channel) => channel.get(`${TASKS}.dead`));
  await assertRefused((channel) => channel.assertQueue('another'));
  await assertRefused((channel) => channel.deleteQueue(TASKS));
  await assertRefused((channel) => channel.deleteExchange(`${TASKS}.results`));
  await assertRefused((channel) => channel.bindQueue(TASKS, `${TASKS}.results`, ''));
  await assertRefused((channel) => channel.unbindQueue(`${TASKS}.events`, `${TASKS}.results`, ''));
});

test('a secret that nobody knows opens neither store nor broker', async () => {
  const secretKey = randomBytes(32).toString('hex');
  await withClient({ ...users.worker, secretKey }, async (stranger) => {
    await assert.rejects(
      stranger.knowsBucket(BUCKET),
      (error) => s3CodeOf(error) === 'SignatureDoesNotMatch',
    );
  });
  const url = new URL(rabbit.urlFor('reelmill-worker'));
  url.password = secretKey;
  await assert.rejects(connect(url.href), /ACCESS[-_]REFUSED/);
  url.username = url.password = 'guest';
  await assert.rejects(connect(url.href), /ACCESS[-_]REFUSED/);
});

async function withClient(user: StoreUser, work: (client: S3Client) => Promise<void>): Promise<void> {
  const { accessKey, secretKey } = user;
  const client = new S3Client({ endpoint: minio.endpoint, region: REGION, accessKey, secretKey });
  try {
    await work(client);
  } finally {
    client.close();
  }
}

async function assertDenied(call: Promise<unknown>): Promise<void> {
  await assert.rejects(call, (error) => s3CodeOf(error) === 'AccessDenied');
}

/** Each try on a connection of its own: the broker ends the channel. */
async function assertRefused(attempt: (channel: Channel) => Promise<unknown>): Promise<void> {
  const connection = await connect(rabbit.urlFor('reelmill-worker'));
  try {
    const channel = await connection.createChannel();
    const refused = Promise.withResolvers<never>();
    refused.promise.catch(() => undefined);
    channel.on('error', refused.reject);
    const answered = attempt(channel).then(() => channel.checkExchange('amq.direct'));
    await assert.rejects(Promise.race([answered, refused.promise]), /ACCESS[-_]REFUSED/);
  } finally {
    await connection.close();
  }
}

async function publish(channel: Channel, exchange: string, routingKey: string): Promise<void> {
  channel.publish(exchange, routingKey, Buffer.from('{}'));
}

test('a bucket that is missing and may not be made ends the start of server and worker, and is named', async () => {
  const env = { ...farm.serverEnv, S3_BUCKET: 'another', PORT: '0', WORK_DIR: folder.path };
  const { accessKey, secretKey } = users.worker;
  const programs = { server: {}, worker: { S3_ACCESS_KEY: accessKey, S3_SECRET_KEY: secretKey } };
  for (const [name, own] of Object.entries(programs)) {
    const program = startProcess(process.execPath, [path.join(ROOT, name, 'src/main.ts')], {
      name,
      cwd: ROOT,
      env: { ...env, ...own },
    });
    assert.notEqual((await program.waitForExit(60_000)).code, 0);
    assert.match(program.lastLines(), /^S3_BUCKET, S3_ACCESS_KEY: the bucket "another" is missing/m);
  }
});
