import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { makeTemporaryFolder } from '../support/processes.ts';
import { runCommand } from './command.ts';
import type { Docker } from './docker.ts';

const SUITE = 'bookworm';
const DEBIAN = `debian:${SUITE}-slim`;
const ROOT = path.resolve(import.meta.dirname, '../..');
const COMPOSE_FILE = path.join(import.meta.dirname, 'base-images.yml');
const BUILD_MS = 20 * 60_000;
/** Where programs of every kind find this machine's certificate authorities, inside the images. */
const AUTHORITIES = '/usr/local/share/authorities.crt';

/** Makes the images that the project's own are built on; what is there already is kept. */
export async function makeBaseImages(docker: Docker): Promise<void> {
  const found = await docker.run(['images', '--quiet', DEBIAN]);
  if (found.stdout.trim() === '') await makeDebian(docker);
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

async function makeDebian(docker: Docker): Promise<void> {
  process.stderr.write(`making ${DEBIAN} with debootstrap\n`);
  const folder = await makeTemporaryFolder('debootstrap');
  try {
    await runCommand('debootstrap', ['--variant=minbase', SUITE, folder.path], { timeoutMs: BUILD_MS });
    const changes = (await readSettings(folder.path)).flatMap((setting) => ['--change', `ENV ${setting}`]);
    const pack = 'folder=$1; shift; tar --create --directory "$folder" . | docker import "$@"';
    await runCommand('sh', ['-c', pack, 'sh', folder.path, ...changes, '-', DEBIAN], {
      env: docker.env,
      timeoutMs: BUILD_MS,
    });
  } finally {
    await folder.remove();
  }
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
