import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/processes.ts';
import { runCommand } from './command.ts';
import { COMPOSE_FILE, ROOT } from './composeFarm.ts';
import { type Docker, dockerAt } from './docker.ts';
import { type Engine, startEngine } from './engine.ts';
import { openRegistry, type SmallRegistry } from './smallRegistry.ts';

const OTHERS = { mysql: 'mysql:8.4.11', rabbitmq: 'rabbitmq:4.3.6' };
const OURS = ['minio', 'preflight', 'server', 'store-setup', 'worker'];

let folder: TemporaryFolder;
let registry: SmallRegistry;
let engine: Engine;
let docker: Docker;
const log: string[] = [];
const digests = new Map<string, string>();

// an engine that has no image at all, and takes the place of Docker Hub from a registry of this test
before(async () => {
  folder = await makeTemporaryFolder('images');
  registry = await openRegistry(path.join(folder.path, 'layers'));
  for (const image of Object.values(OTHERS)) {
    digests.set(image, await registry.publish(`library/${image}`, `the first ${image}`));
  }
  engine = await startEngine({
    dataRoot: path.join(folder.path, 'docker'),
    settings: { 'registry-mirrors': [registry.url] },
    onLog: (line) => log.push(line),
  });
  const program = process.env.REELMILL_TEST_COMPOSE;
  if (!program) throw new Error('npm run test:compose starts what this needs');
  docker = dockerAt({ DOCKER_HOST: engine.host, REELMILL_TEST_COMPOSE: program });
  await runCommand(process.execPath, [path.join(ROOT, 'scripts/compose-init.mjs'), place('env')]);
  // what is built is not what this is about
  const build =
    '    build: !override { context: ., dockerfile_inline: "FROM scratch\\nCOPY env /env\\nCMD [\\"/env\\"]" }';
  await writeFile(place('small.yml'), `services:\n${OURS.map((name) => `  ${name}:\n${build}\n`).join('')}`);
});
after(async () => {
  await engine?.stop();
  await registry?.close();
  await folder?.remove();
});

test('the first start of one service builds what it needs, and asks no registry for it', async () => {
  // as restore.sh does; `create` builds for the named service alone
  await compose(['up', '--no-start', 'mysql']);
  assert.deepEqual(await created(), ['mysql', 'preflight']);
});

test('the first start of everything asks registries for the images of others alone', async () => {
  await create([]);
  assert.deepEqual(await created(), [...OURS, ...Object.keys(OTHERS)].sort());
  const repositories = registry.asked.flatMap((url) => /^\/v2\/(.+)\/manifests\//.exec(url)?.[1] ?? []);
  assert.deepEqual([...new Set(repositories)].sort(), ['library/mysql', 'library/rabbitmq']);
  const pulls = log.filter((line) => /images\/create|trying to pull|\/v2\//i.test(line));
  assert.ok(
    pulls.some((line) => line.includes('mysql')),
    'the log tells of pulls',
  );
  assert.deepEqual(
    pulls.filter((line) => line.includes('reelmill.invalid') || line.includes('reelmill/')),
    [],
  );
});

test('docker compose pull leaves our own images alone', async () => {
  const before = log.length;
  await compose(['pull']);
  assert.deepEqual(
    log.slice(before).filter((line) => /images\/create.*reelmill|trying to pull reelmill/i.test(line)),
    [],
  );
});

test('pinned images stay what they are when their tags move', async () => {
  const pins = place('images.yml');
  await runCommand(process.execPath, [path.join(ROOT, 'scripts/pin-images.mjs'), pins], {
    env: { ...docker.env, COMPOSE: composeCommand() },
  });
  const services = Object.fromEntries(
    Object.entries(OTHERS).map(([name, image]) => [name, { image: `${image}@${digests.get(image)}` }]),
  );
  assert.deepEqual(parse(await readFile(pins, 'utf8')), { services });

  for (const image of Object.values(OTHERS)) await registry.publish(`library/${image}`, `another ${image}`);
  await compose(['down']);
  await docker.run(['image', 'rm', '--force', ...Object.values(OTHERS)]);
  await create([], ['--file', pins]);
  for (const [service, image] of Object.entries(OTHERS)) {
    const { stdout } = await docker.run(['inspect', '--format', '{{.Config.Image}}', `images-${service}-1`]);
    assert.equal(stdout.trim(), `${image}@${digests.get(image)}`);
    const { stdout: kept } = await docker.run([
      'image',
      'inspect',
      '--format',
      '{{json .RepoDigests}}',
      stdout.trim(),
    ]);
    assert.deepEqual(JSON.parse(kept), [`${service}@${digests.get(image)}`]);
  }
});

function place(name: string): string {
  return path.join(folder.path, name);
}

function composeOptions(): string[] {
  return ['--project-name', 'images', '--project-directory', folder.path, '--env-file', place('env')];
}

/** The script names the compose file itself. */
function composeCommand(): string {
  return [docker.composeProgram, '--env-file', place('env')].join(' ');
}

function compose(args: readonly string[], files: readonly string[] = []) {
  return docker.compose([
    ...composeOptions(),
    ...['--file', COMPOSE_FILE, '--file', place('small.yml'), ...files],
    ...args,
  ]);
}

async function create(services: readonly string[], files: readonly string[] = []): Promise<void> {
  await compose(['create', ...services], files);
}

/** Services that have a container. */
async function created(): Promise<string[]> {
  const { stdout } = await compose(['ps', '--all', '--format', 'json']);
  const schema = z.object({ Service: z.string() });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => schema.parse(JSON.parse(line)).Service)
    .sort();
}
