import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { waitFor } from '../support/processes.ts';
import { addSettings, COMPOSE_FILE, ComposeFarm, type Container } from './composeFarm.ts';
import { openWorld } from './world.ts';

const SERVICES = ['mysql', 'rabbitmq', 'minio', 'server', 'worker'];
const HALF_A_CORE = { WORKER_CPUS: '0.5', WORKER_MEMORY: '1g' };

let farm: ComposeFarm;
before(async () => {
  farm = await ComposeFarm.open(HALF_A_CORE);
  await farm.up(['--scale', 'worker=2']);
});
after(() => farm.down());

test('compose refuses to start without secrets, and before anything keeps a placeholder', async () => {
  const other = await ComposeFarm.open();
  try {
    const empty = other.docker.compose([
      '--env-file',
      '/dev/null',
      '--file',
      COMPOSE_FILE,
      'config',
      '--quiet',
    ]);
    await assert.rejects(empty, /required variable \w+ is missing a value: run npm run compose:init/);

    await addSettings(other.envFile, { MYSQL_PASSWORD: 'change-me', RABBITMQ_WORKER_PASSWORD: 'guest' });
    await assert.rejects(other.up([]), /preflight/);
    const { stdout, stderr } = await other.compose(['logs', '--no-log-prefix', 'preflight']);
    assert.match(stdout + stderr, /^MYSQL_PASSWORD is a placeholder$/m);
    assert.match(stdout + stderr, /^RABBITMQ_WORKER_PASSWORD is a placeholder$/m);
    for (const service of SERVICES) {
      const states = (await other.containers(service)).map(({ State }) => State.Status);
      assert.deepEqual(states, ['created'], service);
    }
  } finally {
    await other.down();
  }
});

test('everything becomes healthy, and what runs once has ended well', async () => {
  for (const service of SERVICES) await farm.waitHealthy(service, service === 'worker' ? 2 : 1);
  for (const service of ['preflight', 'store-setup']) {
    const { State } = await farm.container(service);
    assert.deepEqual([State.Status, State.ExitCode], ['exited', 0], service);
  }
  const { queue, workers } = await farm.look();
  assert.deepEqual(queue, { ready: 0, consumers: 2, dead_letters: 0 });
  assert.equal(workers.length, 2);
});

test('starting again changes nothing', async () => {
  const idsOf = async () => {
    const containers = await Promise.all(SERVICES.map((service) => farm.containers(service)));
    return containers.flat().map(({ Id }) => Id);
  };
  const ids = await idsOf();
  await farm.up(['--scale', 'worker=2']);
  assert.deepEqual(await idsOf(), ids);
});

test('only the API and the store are published', async () => {
  const published = [];
  for (const service of SERVICES) {
    for (const { NetworkSettings } of await farm.containers(service)) {
      const ports = Object.entries(NetworkSettings.Ports).filter(([, bound]) => bound !== null);
      published.push(...ports.map(([port]) => `${service} ${port}`));
    }
  }
  assert.deepEqual(published, ['minio 9000/tcp', 'server 8080/tcp']);
});

test('server and workers are not root, and can write only their scratch', async () => {
  for (const service of ['server', 'worker']) {
    const [container] = await farm.containers(service);
    assert.ok(container);
    assert.equal(container.HostConfig.ReadonlyRootfs, true);
    const status = await farm.exec(container, ['cat', '/proc/1/status']);
    assert.match(status, /^Uid:\t1000\t1000\t1000\t1000$/m, service);
    assert.match(status, /^CapEff:\t0{16}$/m, service);
    assert.match(status, /^NoNewPrivs:\t1$/m, service);
    await assert.rejects(farm.exec(container, ['touch', '/app/x']), /Read-only file system/);
    await farm.exec(container, ['touch', '/tmp/x']);
  }
});

test("a worker's limits are those of .env, and ffmpeg's threads follow them", async () => {
  for (const { HostConfig } of await farm.containers('worker')) {
    assert.deepEqual([HostConfig.NanoCpus, HostConfig.Memory], [0.5e9, 1024 ** 3]);
  }
  const { workers } = await farm.look();
  assert.deepEqual(
    workers.map(({ cpus }) => cpus),
    [1, 1],
  );
});

test('a worker reaches broker and store, and neither the database nor the world', async () => {
  const [server, worker, mysql] = await Promise.all(
    ['server', 'worker', 'mysql'].map(async (service) => (await farm.containers(service))[0]),
  );
  assert.ok(server && worker && mysql);
  const [database] = Object.values(mysql.NetworkSettings.Networks).map(({ IPAddress }) => IPAddress);
  const world = await openWorld();
  try {
    const targets = ['rabbitmq:5672', 'minio:9000', 'mysql:3306', `${database}:3306`, world.address];
    // the server shows that there is something to be reached
    assert.deepEqual(await reach(server, targets), targets);
    assert.deepEqual(await reach(worker, targets), ['rabbitmq:5672', 'minio:9000']);
  } finally {
    await world.close();
  }
});

test('server, worker, store and broker log JSON, and no secret', async () => {
  const { stdout: env } = await farm.compose(['config', '--environment']);
  const secrets = [...env.matchAll(/^\w+_(?:PASSWORD|SECRET)=(.+)$/gm)].map(([, secret = '']) => secret);
  assert.ok(secrets.length >= 8);
  for (const service of [...SERVICES, 'preflight', 'store-setup']) {
    const { stdout, stderr } = await farm.compose(['logs', '--no-log-prefix', service]);
    for (const secret of secrets) {
      assert.ok(!(stdout + stderr).includes(secret), `${service} logs a secret`);
    }
    const lines = stdout.split('\n').filter((line) => line.trim() !== '');
    // the database writes text, and the broker until it has read its configuration
    if (['mysql', 'preflight'].includes(service)) continue;
    const checked = service === 'rabbitmq' ? lines.slice(-1) : lines;
    assert.ok(checked.length > 0, service);
    for (const line of checked) assert.doesNotThrow(() => JSON.parse(line), `${service}: ${line}`);
  }
});

test('new secrets hold from the next start on', async () => {
  const ofBroker = ['RABBITMQ_SERVER_PASSWORD', 'RABBITMQ_WORKER_PASSWORD'];
  const ofStore = [
    'MINIO_ROOT_PASSWORD',
    'MINIO_SERVER_PASSWORD',
    'MINIO_WORKER_PASSWORD',
    'MINIO_UPLOAD_PASSWORD',
    'MINIO_PLAYBACK_PASSWORD',
  ];
  const names = [...ofBroker, ...ofStore, 'JWT_SECRET'];
  const renewed = names.map((name) => [name, randomBytes(32).toString('hex')]);
  await addSettings(farm.envFile, Object.fromEntries(renewed));
  await farm.up(['--scale', 'worker=2']);
  for (const service of SERVICES) await farm.waitHealthy(service, service === 'worker' ? 2 : 1);
  await waitFor('both workers take tasks', async () => (await farm.look()).queue?.consumers === 2);
});

test('down --volumes leaves nothing', async () => {
  await farm.compose(['down', '--volumes']);
  const label = `label=com.docker.compose.project=${farm.project}`;
  for (const kind of ['container', 'volume', 'network']) {
    const all = kind === 'container' ? ['--all'] : [];
    const { stdout } = await farm.docker.run([kind, 'ls', ...all, '--quiet', '--filter', label]);
    assert.equal(stdout, '', kind);
  }
});

/** Those of the targets (`host:port`) that a container can connect to. */
async function reach(container: Container, targets: readonly string[]): Promise<string[]> {
  const program = `
    const { connect } = require('node:net');
    const tries = process.argv.slice(1).map((target) => new Promise((resolve) => {
      const [host, port] = target.split(':');
      const socket = connect({ host, port: Number(port), timeout: 3000 });
      const settle = (reached) => { socket.destroy(); resolve(reached ? [target] : []); };
      socket.once('connect', () => settle(true));
      socket.once('timeout', () => settle(false));
      socket.once('error', () => settle(false));
    }));
    Promise.all(tries).then((reached) => console.log(JSON.stringify(reached.flat())));
  `;
  return z
    .array(z.string())
    .parse(JSON.parse(await farm.exec(container, ['node', '-e', program, ...targets])));
}
