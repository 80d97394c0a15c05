// Writes docker-compose.images.yml, or the file that is named: the images of others that docker-compose.yml uses, each
// with the digest that this machine has of it. With both files in COMPOSE_FILE the engine takes exactly these, whatever
// becomes of their tags. Our own images are built here and have none.
import { execFileSync } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '..');
const FILE = process.argv[2] ?? path.join(ROOT, 'docker-compose.images.yml');
const [COMPOSE, ...COMPOSE_ARGS] = (process.env.COMPOSE ?? 'docker compose').split(' ');
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

try {
  const { pinned, absent } = pinAll(listImages());
  if (pinned.length === 0) throw new Error('None of the images is on this machine: docker compose pull');
  writeOverride(pinned);
  for (const { service, image, digest } of pinned) console.log(`${service}: ${image}@${digest}`);
  if (absent.length > 0) console.log(`not on this machine, and not pinned: ${absent.join(', ')}`);
  console.log(`written to ${FILE}`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

/** Services whose image comes from a registry. What the file asks of .env is needed, and goes nowhere. */
function listImages() {
  const args = [
    '--project-directory',
    ROOT,
    '--file',
    path.join(ROOT, 'docker-compose.yml'),
    '--profile',
    '*',
  ];
  const { services } = JSON.parse(run(COMPOSE, [...COMPOSE_ARGS, ...args, 'config', '--format', 'json']));
  return Object.entries(services)
    .filter(([, { build }]) => build === undefined)
    .map(([service, { image }]) => ({ service, image }))
    .sort((a, b) => a.service.localeCompare(b.service));
}

/** Throws where an image is here and was never in a registry: it cannot be had again by its digest. */
function pinAll(images) {
  const found = images.map((one) => ({ ...one, digests: readDigests(one.image) }));
  const pinned = found
    .filter(({ digests }) => digests !== null)
    .map(({ service, image, digests }) => {
      const repository = image.replace(/:[^:/]+$/, '');
      const digest = digests.find((one) => one.startsWith(`${repository}@`))?.split('@')[1];
      if (digest === undefined)
        throw new Error(`${image} was made on this machine: there is no digest of it.`);
      return { service, image, digest };
    });
  return { pinned, absent: found.filter(({ digests }) => digests === null).map(({ image }) => image) };
}

/** Null where the image is not there. */
function readDigests(image) {
  try {
    return JSON.parse(run('docker', ['image', 'inspect', '--format', '{{json .RepoDigests}}', image]));
  } catch (error) {
    if (/no such image/i.test(error.message)) return null;
    throw error;
  }
}

function writeOverride(pinned) {
  const services = pinned.map(
    ({ service, image, digest }) => `  ${service}:\n    image: ${image}@${digest}\n`,
  );
  const head = `# Written by npm run compose:pin at ${new Date().toISOString()}; see deploy/README.md.\n`;
  writeFileSync(`${FILE}.new`, `${head}services:\n${services.join('')}`);
  renameSync(`${FILE}.new`, FILE);
}

function run(program, args) {
  return execFileSync(program, args, { encoding: 'utf8', maxBuffer: MAX_OUTPUT_BYTES, stdio: 'pipe' });
}
