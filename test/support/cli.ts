import { spawn } from 'node:child_process';
import path from 'node:path';
import { createClient } from '@reelmill/desktop/node/client.ts';
import { findClientFolder } from '@reelmill/desktop/node/clientFolder.ts';
import { type RunningProcess, startProcess } from './processes.ts';

const MAIN = path.resolve(import.meta.dirname, '../../desktop/src/cli/main.ts');
const TIMEOUT_MS = 60_000;

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `reelmill` to its end with a configuration folder of its own; `env` is added to the environment. */
export function runReelmill(
  configDir: string,
  args: readonly string[],
  input = '',
  env: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...process.env, REELMILL_CONFIG_DIR: configDir, ...env },
      timeout: TIMEOUT_MS,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
    child.stdin.end(input);
  });
}

/** Starts `reelmill`, to be watched and stopped. */
export function startReelmill(configDir: string, args: readonly string[]): RunningProcess {
  return startProcess(process.execPath, [MAIN, ...args], {
    name: 'reelmill',
    env: { REELMILL_CONFIG_DIR: configDir },
  });
}

/** Makes an account on the server, if it is not there yet, and logs this configuration folder in to it. */
export async function logInAs(configDir: string, serverUrl: string, name: string): Promise<void> {
  const credentials = { email: `${name}@example.org`, password: `password of ${name}` };
  await fetch(`${serverUrl}/api/v1/users/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ nickname: name, ...credentials }),
  });
  const client = createClient(findClientFolder({ REELMILL_CONFIG_DIR: configDir }));
  try {
    await client.logIn(serverUrl, credentials);
  } finally {
    client.close();
  }
}
