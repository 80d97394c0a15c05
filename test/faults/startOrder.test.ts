import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readinessSchema } from '@reelmill/shared/contracts/health.ts';
import { videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import { createConnection } from 'mysql2/promise';
import { DocumentedApi } from '../support/apiClient.ts';
import { type MariaDb, startMariaDb } from '../support/mariadb.ts';
import { type RunningMinio, startMinio } from '../support/minio.ts';
import {
  findFreePort,
  makeTemporaryFolder,
  type RunningProcess,
  startProcess,
  type TemporaryFolder,
  waitFor,
} from '../support/processes.ts';
import { type RabbitMq, startRabbitMq } from '../support/rabbitmq.ts';
import { sampleFile } from '../support/samples.ts';
import { mountTmpfs, noTmpfs } from '../support/tmpfs.ts';
import { beginSingle, complete, put } from '../support/uploads.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const DATABASE = 'reelmill_start';
const METRICS_TOKEN = randomBytes(16).toString('hex');
const STACK = /\n\s+at |"stack"|node:internal/;

let folder: TemporaryFolder;
let mariaDb: MariaDb;
let broker: RabbitMq;
let minio: RunningMinio;
let port: number;
const started: RunningProcess[] = [];

before(async () => {
  folder = await makeTemporaryFolder('start');
  [mariaDb, broker, minio, port] = await Promise.all([
    startMariaDb(),
    startRabbitMq(),
    startMinio(),
    findFreePort(),
  ]);
  const connection = await createConnection(mariaDb.url);
  await connection.query(`CREATE DATABASE ${DATABASE} CHARACTER SET utf8mb4`);
  await connection.end();
});

after(async () => {
  await Promise.all(started.map((one) => one.stop(30_000)));
  await Promise.all([mariaDb?.dispose(), broker?.dispose(), minio?.stop()]);
  await folder.remove();
});

const workerEnv = (): Record<string, string> => ({
  REELMILL_PROFILE: 'distributed',
  AMQP_URL: broker.url,
  S3_ENDPOINT: minio.endpoint,
  S3_ACCESS_KEY: minio.accessKey,
  S3_SECRET_KEY: minio.secretKey,
  WORKER_ID: 'early',
  WORK_DIR: path.join(folder.path, 'work'),
  WORKER_THREADS: '1',
  DRAIN_SECONDS: '0',
});
const serverEnv = (): Record<string, string> => ({
  ...workerEnv(),
  PORT: String(port),
  DATABASE_URL: `${mariaDb.url}/${DATABASE}`,
  JWT_SECRET: randomBytes(32).toString('hex'),
  METRICS_TOKEN,
  S3_UPLOAD_ACCESS_KEY: minio.accessKey,
  S3_UPLOAD_SECRET_KEY: minio.secretKey,
  S3_PLAYBACK_ACCESS_KEY: minio.accessKey,
  S3_PLAYBACK_SECRET_KEY: minio.secretKey,
});

function run(program: 'server' | 'worker', env: Record<string, string>): RunningProcess {
  const child = startProcess(process.execPath, [path.join(ROOT, program, 'src/main.ts')], {
    name: program,
    cwd: ROOT,
    env,
  });
  started.push(child);
  return child;
}

const url = (at: string) => `http://127.0.0.1:${port}${at}`;

const untilListening = () =>
  waitFor('the server listens', async () => (await fetch(url('/healthz'))).status === 200);

async function readiness() {
  const response = await fetch(url('/readyz'), { headers: { authorization: `Bearer ${METRICS_TOKEN}` } });
  return { status: response.status, body: readinessSchema.parse(await response.json()) };
}

const untilReady = (what: string, status: number, degraded?: string[]) =>
  waitFor(
    what,
    async () => {
      const { status: found, body } = await readiness();
      assert.deepEqual([found, body.degraded], [status, degraded]);
      return true;
    },
    { timeoutMs: 60_000, pollMs: 200 },
  );

/** Events of the log of one message, in their order. */
const logged = (of: RunningProcess, pattern: RegExp): number =>
  of
    .lastLines(200)
    .split('\n')
    .filter((line) => pattern.test(line)).length;

test('server and worker start before everything they depend on, and then a video goes through', async () => {
  await Promise.all([mariaDb.stop(), broker.stop(), minio.halt()]);
  const worker = run('worker', workerEnv());
  const server = run('server', serverEnv());
  await untilListening();
  const waiting = await readiness();
  assert.equal(waiting.status, 503);
  assert.deepEqual(Object.keys(waiting.body.checks ?? {}).sort(), ['database', 'queue', 'store']);
  assert.deepEqual(await (await fetch(url('/readyz'))).json(), { status: 'unavailable' });
  for (const [method, at] of [
    ['GET', '/api/v1/me'],
    ['POST', '/api/v1/users/login'],
    ['GET', '/nowhere'],
    ['GET', '/metrics'],
  ] as const) {
    const answer = await fetch(url(at), { method, ...(method === 'POST' && { body: '{}' }) });
    // the body of every failure
    const { error } = (await answer.json()) as { error: { code: string; request_id: string } };
    assert.deepEqual([answer.status, error.code], [503, 'unavailable'], at);
    assert.equal(error.request_id, answer.headers.get('x-request-id'));
    assert.ok(Number(answer.headers.get('retry-after')) > 0);
  }
  await server.waitForLine(/"dependency":"database".*"dependency down"/);

  await mariaDb.start();
  await waitFor('the database is there', async () => {
    const { status, body } = await readiness();
    assert.equal(status, 503);
    assert.ok(body.checks?.store);
    return body.checks.database === undefined;
  });
  await minio.start();
  await untilReady('requests are served without the broker', 200, ['queue']);
  const user = await (await DocumentedApi.of(url(''))).signUp('early');
  const { videoId, url: uploadUrl } = await beginSingle(user);
  const film = new Uint8Array(await readFile(await sampleFile('h264-aac')));
  assert.equal(await put(uploadUrl, film), 200);
  assert.equal((await complete(user, videoId)).status, 202);

  await broker.start();
  await untilReady('nothing is missing', 200, undefined);
  await waitFor(
    'the video is online',
    async () => {
      const { video } = (await user.call('GET', `/videos/${videoId}`)).as(videoDetailSchema);
      assert.equal(video.error, null);
      return video.status === 'online';
    },
    { timeoutMs: 120_000, pollMs: 250 },
  );
  for (const dependency of ['database', 'store']) {
    for (const change of ['down', 'up']) {
      const line = new RegExp(`"dependency":"${dependency}".*"dependency ${change}"`);
      assert.equal(logged(server, line), 1, `${dependency} ${change}: ${server.lastLines(200)}`);
    }
  }
  for (const program of [server, worker]) {
    assert.equal(logged(program, /no connection to RabbitMQ/), 1, program.lastLines(200));
    assert.equal(logged(program, /"connected to RabbitMQ"/), 1);
    assert.doesNotMatch(program.lastLines(200), STACK);
    program.child.kill('SIGTERM');
    assert.deepEqual(await program.waitForExit(), { code: 0, signal: null });
  }
});

test('a server that loses the database between opening it and making the first admin waits for it', async (t) => {
  let cuts = 3;
  const { hostname, port: databasePort } = new URL(mariaDb.url);
  const proxy = createServer((client) => {
    const database = connect(Number(databasePort), hostname);
    const close = (): void => {
      client.destroy();
      database.destroy();
    };
    for (const socket of [client, database]) socket.on('error', close).on('close', close);
    database.pipe(client);
    client.on('data', (query) => {
      if (cuts === 0 || !query.includes("`role` = 'admin'")) return database.write(query);
      cuts -= 1;
      return close();
    });
  }).listen(0, '127.0.0.1');
  t.after(() => proxy.close());
  await once(proxy, 'listening');
  const through = new URL(`${mariaDb.url}/${DATABASE}`);
  through.port = String((proxy.address() as AddressInfo).port); // it listens on TCP
  const admin = { ADMIN_EMAIL: 'first@example.org', ADMIN_PASSWORD: randomBytes(16).toString('hex') };
  const server = run('server', { ...serverEnv(), DATABASE_URL: through.href, ...admin });
  await server.waitForLine(/"first admin created"/);
  assert.equal(cuts, 0);
  assert.equal(logged(server, /"dependency":"database".*"dependency down"/), 1);
  assert.doesNotMatch(server.lastLines(200), STACK);
  await server.stop(30_000);
});

test('server and worker that wait for the store alone end at once when they are told to', async () => {
  await minio.halt();
  const worker = run('worker', { ...workerEnv(), WORKER_ID: 'waiting' });
  const server = run('server', serverEnv());
  await untilListening();
  await waitFor('only the store is missing', async () => {
    const { status, body } = await readiness();
    assert.equal(status, 503);
    return Object.keys(body.checks ?? {}).join() === 'store';
  });
  await worker.waitForLine(/worker unhealthy/);
  for (const program of [server, worker]) {
    program.child.kill('SIGTERM');
    assert.deepEqual(await program.waitForExit(), { code: 0, signal: null });
    assert.doesNotMatch(program.lastLines(200), STACK);
  }
  await minio.start();
});

describe('what is refused ends the start at once, with one line that names the setting', () => {
  const changed = (address: string, change: (url: URL) => void): string => {
    const changedUrl = new URL(address);
    change(changedUrl);
    return changedUrl.href;
  };
  const wrong = 'a-wrong-password-1x7';
  const database = () => `${mariaDb.url}/${DATABASE}`;

  const refuses = async (
    program: 'server' | 'worker',
    env: Record<string, string>,
    pattern: RegExp,
  ): Promise<void> => {
    const own = { WORKER_ID: randomBytes(4).toString('hex'), PORT: '0' };
    const all = { ...(program === 'server' ? serverEnv() : workerEnv()), ...own, ...env };
    const child = run(program, all);
    const { code } = await child.waitForExit(60_000);
    const text = child.lastLines(200);
    assert.notEqual(code, 0, text);
    assert.match(text, pattern);
    assert.doesNotMatch(text, STACK);
    assert.ok(!text.includes(wrong), text);
  };

  test('by the database: password, name and schema', async () => {
    const connection = await createConnection(mariaDb.url);
    await connection.query(`CREATE DATABASE IF NOT EXISTS newer CHARACTER SET utf8mb4`);
    await connection.query('CREATE TABLE newer.migrations (name VARCHAR(255) PRIMARY KEY)');
    await connection.query("INSERT INTO newer.migrations VALUES ('9999-from-the-future')");
    await connection.query("CREATE USER IF NOT EXISTS poor@'127.0.0.1' IDENTIFIED BY 'poor-password-77'");
    await connection.end();
    const poor = changed(`${mariaDb.url}/unmade`, (address) => {
      address.username = 'poor';
      address.password = 'poor-password-77';
    });
    await Promise.all([
      refuses(
        'server',
        { DATABASE_URL: changed(database(), (address) => (address.password = wrong)) },
        /^DATABASE_URL: the database rejects this user or password/m,
      ),
      refuses('server', { DATABASE_URL: poor }, /^DATABASE_URL: there is no such database, or this user/m),
      refuses('server', { DATABASE_URL: `${mariaDb.url}/newer` }, /newer version of Reelmill \(9999-/),
    ]);
  });

  test('by the broker: password and virtual host', async () => {
    const password = { AMQP_URL: changed(broker.url, (address) => (address.password = wrong)) };
    const virtualHost = { AMQP_URL: `${broker.url}/nowhere` };
    await Promise.all([
      refuses('server', password, /^AMQP_URL: RabbitMQ refuses .*ACCESS_REFUSED/m),
      refuses('worker', password, /^AMQP_URL: RabbitMQ refuses .*ACCESS_REFUSED/m),
      refuses('server', virtualHost, /^AMQP_URL: RabbitMQ refuses .*virtual host/m),
      refuses('worker', virtualHost, /^AMQP_URL: RabbitMQ refuses .*virtual host/m),
    ]);
  });

  test('by the store: keys of each user, and a bucket', async () => {
    await Promise.all([
      refuses('server', { S3_ACCESS_KEY: 'nobody' }, /^S3_ACCESS_KEY: .*InvalidAccessKeyId/m),
      refuses('worker', { S3_ACCESS_KEY: 'nobody' }, /^S3_ACCESS_KEY: .*InvalidAccessKeyId/m),
      refuses('server', { S3_SECRET_KEY: wrong }, /^S3_SECRET_KEY: .*SignatureDoesNotMatch/m),
      refuses('server', { S3_UPLOAD_SECRET_KEY: wrong }, /^S3_UPLOAD_SECRET_KEY: .*SignatureDoesNotMatch/m),
    ]);
    await Promise.all([
      refuses('server', { S3_PLAYBACK_ACCESS_KEY: 'nobody' }, /^S3_PLAYBACK_ACCESS_KEY: .*InvalidAccess/m),
      refuses('server', { S3_BUCKET: 'No_Such_Name' }, /^S3_BUCKET: /m),
    ]);
  });

  test('addresses that are none', async () => {
    await Promise.all([
      refuses(
        'server',
        { DATABASE_URL: `postgres://user:${wrong}@127.0.0.1/name` },
        /DATABASE_URL: must begin/,
      ),
      refuses('server', { S3_ENDPOINT: `${minio.endpoint}/path` }, /S3_ENDPOINT: must not have a path/),
      refuses('worker', { AMQP_URL: `http://user:${wrong}@127.0.0.1` }, /AMQP_URL: must begin with amqp/),
    ]);
  });
});

describe('a standalone server refuses a data folder', { skip: noTmpfs }, () => {
  const start = (dataDir: string) =>
    run('server', {
      REELMILL_PROFILE: 'standalone',
      REELMILL_DATA: dataDir,
      PORT: '0',
      EMBEDDED_WORKER: 'false',
    });

  test('that is full, or read-only', async () => {
    const disk = await mountTmpfs(path.join(folder.path, 'disk'), 'size=8m');
    try {
      await disk.fill();
      const full = start(path.join(disk.path, 'data'));
      assert.deepEqual(await full.waitForExit(), { code: 1, signal: null });
      assert.match(full.lastLines(), /^REELMILL_DATA: .*its disk is full/m);
      await disk.free();
      await disk.setReadOnly(true);
      const readOnly = start(path.join(disk.path, 'data'));
      assert.deepEqual(await readOnly.waitForExit(), { code: 1, signal: null });
      assert.match(readOnly.lastLines(), /^REELMILL_DATA: .*its disk is read-only/m);
      for (const one of [full, readOnly]) assert.doesNotMatch(one.lastLines(), STACK);
    } finally {
      await disk.unmount();
    }
  });

  test('that another server uses, until that one is gone however it went', async () => {
    const dataDir = path.join(folder.path, 'shared');
    const first = start(dataDir);
    await first.waitForLine(/"msg":"ready"/);
    const second = start(dataDir);
    assert.deepEqual(await second.waitForExit(), { code: 1, signal: null });
    assert.match(second.lastLines(), /^REELMILL_DATA: another server uses /m);
    assert.doesNotMatch(second.lastLines(), STACK);
    await first.kill();
    const third = start(dataDir);
    await third.waitForLine(/"msg":"ready"/);
    await third.stop();
  });
});
