import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeTemporaryFolder } from '../support/processes.ts';
import { runCommand } from './command.ts';
import type { Docker } from './docker.ts';

/** A distribution that debootstrap can install, and the image that it becomes. */
interface System {
  image: string;
  suite: string;
  /** What debootstrap does not know of a distribution that is not Debian. */
  foreign?: {
    mirror: string;
    script: string;
    /** The package with its keys. */
    keys: { url: string; sha256: string };
  };
}

const SYSTEMS: readonly System[] = [
  { image: 'debian:bookworm-slim', suite: 'bookworm' },
  // has RabbitMQ 4 and ffmpeg 7.1
  { image: 'debian:trixie-slim', suite: 'trixie' },
  // has MySQL 8.4
  {
    image: 'ubuntu:26.04',
    suite: 'resolute',
    foreign: {
      mirror: 'http://archive.ubuntu.com/ubuntu',
      script: '/usr/share/debootstrap/scripts/gutsy',
      keys: {
        url: 'http://archive.ubuntu.com/ubuntu/pool/main/u/ubuntu-keyring/ubuntu-keyring_2023.11.28.1build1_all.deb',
        sha256: 'c377ccf26964f4c206c05c0bc7adb708e031beb919bb9a0ff63af983d064cd66',
      },
    },
  },
];
const ROOT = path.resolve(import.meta.dirname, '../..');
const COMPOSE_FILE = path.join(import.meta.dirname, 'base-images.yml');
const BUILD_MS = 20 * 60_000;
const FETCH_MS = 60_000;
/** Where programs of every kind find this machine's certificate authorities, inside the images. */
const AUTHORITIES = '/usr/local/share/authorities.crt';

/** Makes the images that the project's own are built on; what is there already is kept. */
export async function makeBaseImages(docker: Docker): Promise<void> {
  for (const system of SYSTEMS) {
    const found = await docker.run(['images', '--quiet', system.image]);
    if (found.stdout.trim() === '') await makeSystem(docker, system);
  }
  const folder = await makeTemporaryFolder('base-images');
  try {
    await copyNode(folder.path);
    const { stdout: goFolder } = await runCommand('go', ['env', 'GOROOT']);
    await docker.compose(['--file', COMPOSE_FILE, 'build'], {
      env: { GO_FOLDER: goFolder.trim(), NODE_FOLDER: folder.path },
      timeoutMs: BUILD_MS,
    });
  } finally {
    await folder.remove();
  }
}

async function makeSystem(docker: Docker, system: System): Promise<void> {
  process.stderr.write(`making ${system.image} with debootstrap\n`);
  const folder = await makeTemporaryFolder('debootstrap');
  const root = path.join(folder.path, 'root');
  try {
    const { suite, foreign } = system;
    const keyring = foreign ? [`--keyring=${await fetchKeyring(foreign.keys, folder.path)}`] : [];
    const origin = foreign ? [foreign.mirror, foreign.script] : [];
    await runCommand('debootstrap', ['--variant=minbase', ...keyring, suite, root, ...origin], {
      timeoutMs: BUILD_MS,
    });
    const changes = (await readSettings(root)).flatMap((setting) => ['--change', `ENV ${setting}`]);
    const pack = 'folder=$1; shift; tar --create --directory "$folder" . | docker import "$@"';
    await runCommand('sh', ['-c', pack, 'sh', root, ...changes, '-', system.image], {
      env: docker.env,
      timeoutMs: BUILD_MS,
    });
  } finally {
    await folder.remove();
  }
}

/** Answers the file with the keys that sign a distribution. */
async function fetchKeyring(
  { url, sha256 }: { url: string; sha256: string },
  folder: string,
): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_MS) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const bytes = Buffer.from(await response.arrayBuffer());
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== sha256) throw new Error(`${url} is not the package that was expected: ${found}`);
  const file = path.join(folder, 'keyring.deb');
  await writeFile(file, bytes);
  await runCommand('dpkg-deb', ['--extract', file, folder]);
  return path.join(folder, 'usr/share/keyrings/ubuntu-archive-keyring.gpg');
}

/** How this machine reaches registries, as `NAME=VALUE` for whatever is built; certificate authorities are copied. */
async function readSettings(rootFolder: string): Promise<string[]> {
  const settings: string[] = [];
  const authorities = process.env.SSL_CERT_FILE || process.env.NODE_EXTRA_CA_CERTS;
  if (authorities && existsSync(authorities)) {
    await copyFile(authorities, path.join(rootFolder, AUTHORITIES));
    const names = ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS', 'NPM_CONFIG_CAFILE'];
    settings.push(...names.map((name) => `${name}=${AUTHORITIES}`));
  }
  const { stdout: registry } = await runCommand('npm', ['config', 'get', 'registry'], { cwd: ROOT });
  const { stdout: goProxy } = await runCommand('go', ['env', 'GOPROXY']);
  return [...settings, `NPM_CONFIG_REGISTRY=${registry.trim()}`, `GOPROXY=${goProxy.trim()}`];
}

/** The project's own Node and this machine's npm. */
async function copyNode(folder: string): Promise<void> {
  await mkdir(path.join(folder, 'bin'));
  await copyFile(process.execPath, path.join(folder, 'bin', 'node'));
  const { stdout: globalPackages } = await runCommand('npm', ['root', '--global']);
  await cp(path.join(globalPackages.trim(), 'npm'), path.join(folder, 'npm'), { recursive: true });
}
