import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { z } from 'zod';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/processes.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const PIN = path.join(ROOT, 'scripts/pin-images.mjs');
const OURS = ['preflight', 'store-setup', 'minio', 'server', 'worker'];
/** With TLS the ports are for everybody: that is what it is started for. */
const FOR_EVERYBODY = ['caddy'];

const serviceSchema = z.object({
  image: z.string(),
  build: z.looseObject({}).optional(),
  pull_policy: z.string().optional(),
  ports: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
});
const composeSchema = z.object({ services: z.record(z.string(), serviceSchema) });
type Services = z.infer<typeof composeSchema>['services'];

async function readServices(): Promise<Services> {
  const text = await readFile(path.join(ROOT, 'docker-compose.yml'), 'utf8');
  return composeSchema.parse(parse(text, { merge: true })).services;
}

test('our own images have names that nobody can publish, and are built and never pulled', async () => {
  const services = await readServices();
  for (const [name, { image, build, pull_policy }] of Object.entries(services)) {
    assert.equal(build !== undefined, OURS.includes(name), name);
    if (build === undefined) continue;
    // RFC 2606: no name below it can be registered, so no registry can be there
    assert.match(image, /^reelmill\.invalid\/[a-z]+$/, name);
    assert.equal(pull_policy, 'never', name);
  }
});

test('services that share an image build it the same way, whichever of them is started alone', async () => {
  const services = Object.values(await readServices());
  for (const { image, build } of services) {
    for (const other of services.filter((one) => one.image === image)) assert.deepEqual(other.build, build);
  }
});

test('images of others are named by an exact version', async () => {
  for (const [name, { image, build }] of Object.entries(await readServices())) {
    if (build === undefined) assert.match(image, /^[a-z/]+:v?\d+\.\d+\.\d+$/, name);
  }
  for (const file of [
    'server/Dockerfile',
    'worker/Dockerfile',
    'deploy/compose/minio/Dockerfile',
    '.devcontainer/Dockerfile',
  ]) {
    const bases = [...(await readFile(path.join(ROOT, file), 'utf8')).matchAll(/^FROM (\S+)/gm)];
    assert.ok(bases.length > 0);
    for (const [, base = ''] of bases)
      assert.match(base, /:(\d+\.\d+\.\d+\b|\w+-\d{8}\b)/, `${file}: ${base}`);
  }
});

test('as long as .env says nothing else, only this machine gets in, and nobody registers', async () => {
  const services = await readServices();
  for (const [name, { ports }] of Object.entries(services)) {
    if (FOR_EVERYBODY.includes(name)) continue;
    for (const port of ports)
      assert.match(port, /^(127\.0\.0\.1:|\$\{\w+:-127\.0\.0\.1:)/, `${name}: ${port}`);
  }
  // as compose reads it where the variable is not set
  assert.match(services.server?.environment.REGISTRATION ?? '', /^\$\{REGISTRATION:-closed\}$/);
});

describe('the script that pins images', () => {
  let folder: TemporaryFolder;
  before(async () => {
    folder = await makeTemporaryFolder('pin');
  });
  after(() => folder?.remove());

  /** Runs it with a `docker` whose compose knows these services, and whose engine has these digests. */
  const pin = async (services: unknown, digests: Record<string, string[]>): Promise<string> => {
    const program = path.join(folder.path, 'docker');
    const state = JSON.stringify({ services, digests });
    await writeFile(
      program,
      `#!${process.execPath}
      const { services, digests } = ${state};
      const args = process.argv.slice(2);
      if (args[0] === 'compose') console.log(JSON.stringify({ services }));
      else if (digests[args.at(-1)]) console.log(JSON.stringify(digests[args.at(-1)]));
      else { console.error('Error: No such image: ' + args.at(-1)); process.exitCode = 1; }
      `,
    );
    await chmod(program, 0o755);
    const env = { ...process.env, PATH: `${folder.path}:${process.env.PATH}` };
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [PIN, path.join(folder.path, 'images.yml')],
      { env },
    );
    return stdout;
  };
  const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;
  const written = (): Promise<string> => readFile(path.join(folder.path, 'images.yml'), 'utf8');

  test('writes the digest that the engine has of each image of others, under its own repository', async () => {
    const said = await pin(
      {
        server: { image: 'reelmill.invalid/server', build: {} },
        mysql: { image: 'mysql:8.4.11' },
        prometheus: { image: 'registry.example.org:5000/prom/prometheus:v3.13.5' },
        grafana: { image: 'grafana/grafana:13.2.3' },
      },
      {
        'mysql:8.4.11': [`mirror.example.org/mysql@${digestOf('b')}`, `mysql@${digestOf('a')}`],
        'registry.example.org:5000/prom/prometheus:v3.13.5': [
          `registry.example.org:5000/prom/prometheus@${digestOf('c')}`,
        ],
      },
    );
    assert.deepEqual(parse(await written()), {
      services: {
        mysql: { image: `mysql:8.4.11@${digestOf('a')}` },
        prometheus: { image: `registry.example.org:5000/prom/prometheus:v3.13.5@${digestOf('c')}` },
      },
    });
    assert.match(said, /not pinned: grafana\/grafana:13\.2\.3$/m);
  });

  test('writes nothing where an image has no digest, or none is there', async () => {
    const before = await written();
    const mysql = { mysql: { image: 'mysql:8.4.11' } };
    await assert.rejects(pin(mysql, { 'mysql:8.4.11': [] }), /mysql:8\.4\.11 was made on this machine/);
    await assert.rejects(pin(mysql, {}), /None of the images is on this machine/);
    assert.equal(await written(), before);
  });
});
