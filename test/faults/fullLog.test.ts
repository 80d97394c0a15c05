import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readinessSchema } from '@reelmill/shared/contracts/health.ts';
import { logInAs } from '../support/cli.ts';
import { findFreePort, makeTemporaryFolder, waitFor } from '../support/processes.ts';
import { mountTmpfs, noTmpfs, type Tmpfs } from '../support/tmpfs.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const CLI = path.join(ROOT, 'desktop/src/cli/main.ts');

describe('where standard output and error go to a full disk', { skip: noTmpfs, timeout: 120_000 }, () => {
  const token = randomBytes(16).toString('hex');
  let folder: { path: string; remove(): Promise<void> };
  let disk: Tmpfs;
  let server: ChildProcess;
  let url: string;

  /** A process with both on the small disk; the file has `name`. */
  const startOnDisk = (name: string, args: readonly string[], env: Record<string, string>): ChildProcess => {
    const log = openSync(path.join(disk.path, name), 'a');
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    return child;
  };
  const readReadiness = async () => {
    const answer = await fetch(`${url}/readyz`, { headers: { authorization: `Bearer ${token}` } });
    return { code: answer.status, ...readinessSchema.parse(await answer.json()) };
  };
  const request = async () => {
    assert.equal((await fetch(`${url}/api/v1/server`)).status, 200);
    return readReadiness();
  };

  before(async () => {
    folder = await makeTemporaryFolder('full-log');
    disk = await mountTmpfs(path.join(folder.path, 'disk'), 'size=1m');
    const port = await findFreePort();
    url = `http://127.0.0.1:${port}`;
    server = startOnDisk('server.log', ['server/src/main.ts'], {
      PORT: String(port),
      REELMILL_DATA: path.join(folder.path, 'data'),
      METRICS_TOKEN: token,
      EMBEDDED_WORKER: 'false',
      LOG_LEVEL: 'debug',
    });
    await waitFor('the server serves', async () => (await fetch(`${url}/readyz`)).ok);
  });
  after(async () => {
    if (server.exitCode === null) {
      server.kill('SIGTERM');
      await once(server, 'exit');
    }
    await disk.unmount();
    await folder.remove();
  });

  test('a server goes on, says so, and logs again when there is room', async () => {
    assert.ok(!(await request()).degraded?.includes('log'));
    await disk.fill();
    const degraded = await waitFor('the server notices', async () => {
      const { degraded } = await request();
      return degraded?.includes('log') ? degraded : null;
    });
    assert.ok(degraded.includes('log'));
    assert.equal((await readReadiness()).code, 200);
    assert.equal(server.exitCode, null);
    await disk.free();
    await waitFor('the log works again', async () => !(await request()).degraded?.includes('log'));
    const lines = (await readFile(path.join(disk.path, 'server.log'), 'utf8')).split('\n');
    const loss = lines.find((line) => line.includes('log lines lost'));
    assert.ok(JSON.parse(loss ?? '').lost_lines > 0);
  });

  test('the command line uploads all the same, and says that its output is lost', async () => {
    const config = path.join(folder.path, 'config');
    await logInAs(config, url, 'full');
    const file = path.join(folder.path, 'film.mp4');
    await writeFile(file, randomBytes(300_000));
    await disk.fill();
    try {
      const run = async (args: readonly string[]): Promise<number> => {
        const [code] = await once(
          startOnDisk('cli.log', [CLI, ...args], { REELMILL_CONFIG_DIR: config }),
          'exit',
        );
        return code;
      };
      assert.equal(await run(['upload', file, '--json']), 1);
      assert.equal(await run(['list']), 1);
    } finally {
      await disk.free();
    }
    const list = spawn(process.execPath, [CLI, 'list', '--json'], {
      env: { ...process.env, REELMILL_CONFIG_DIR: config },
    });
    const output: string[] = [];
    list.stdout.on('data', (text) => output.push(String(text)));
    await once(list, 'close');
    const { videos } = JSON.parse(output.join(''));
    assert.deepEqual(
      videos.map(({ file_name }: { file_name: string }) => file_name),
      ['film.mp4'],
    );
    assert.notEqual(videos[0].status, 'uploading');
  });

  test('a reader that goes away ends the command line quietly', async () => {
    const config = path.join(folder.path, 'config');
    const child = spawn(process.execPath, [CLI, '--help'], {
      env: { ...process.env, REELMILL_CONFIG_DIR: config },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    const said: string[] = [];
    child.stderr.on('data', (text) => said.push(String(text)));
    const [code] = await once(child, 'exit');
    assert.deepEqual([code, said.join('')], [0, '']);
  });
});
