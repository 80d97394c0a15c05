import { existsSync } from 'node:fs';
import { cp, mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { CACHE_BIN } from '../support/cacheFolder.ts';
import { makeTemporaryFolder } from '../support/processes.ts';
import { runCommand } from './command.ts';

const MODULE = 'github.com/docker/compose/v2';
const VERSION = 'v2.40.3';
const BUILD_MS = 20 * 60_000;

const downloadSchema = z.object({ Dir: z.string() });

/**
 * The path of Docker Compose, built from its Go module on first use: Debian's package is the one before it was
 * rewritten. `go install` refuses the module for its replacements, so its sources are built as a copy.
 */
export async function findCompose(): Promise<string> {
  const program = path.join(CACHE_BIN, `docker-compose-${VERSION}`);
  if (existsSync(program)) return program;
  process.stderr.write(`building docker compose ${VERSION} once, about two minutes\n`);
  const folder = await makeTemporaryFolder('compose-build');
  try {
    const { stdout } = await runCommand('go', ['mod', 'download', '-json', `${MODULE}@${VERSION}`], {
      cwd: folder.path,
    });
    const sources = path.join(folder.path, 'sources');
    await cp(downloadSchema.parse(JSON.parse(stdout)).Dir, sources, { recursive: true });
    // modules are kept read-only
    await runCommand('chmod', ['-R', 'u+w', sources]);
    const flags = `-s -w -X ${MODULE}/internal.Version=${VERSION}`;
    await runCommand('go', ['build', '-trimpath', '-ldflags', flags, '-o', '../compose', './cmd'], {
      cwd: sources,
      timeoutMs: BUILD_MS,
    });
    await mkdir(CACHE_BIN, { recursive: true });
    await cp(path.join(folder.path, 'compose'), `${program}.new`);
    await rename(`${program}.new`, program);
  } finally {
    await folder.remove();
  }
  return program;
}
