import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { SCHEMATHESIS } from '../../scripts/setup/needs.mjs';
import { makeTemporaryFolder } from './processes.ts';

/** What schemathesis needs to be installed; `npm test` sees to it. */
export const SCHEMATHESIS_PROGRAMS = [SCHEMATHESIS.program];

/** Every exception, with its reason. */
const CONFIG_FILE = path.join(import.meta.dirname, 'schemathesis.toml');
/** Half a minute on a machine that has nothing else to do. */
const TIMEOUT_MS = 9 * 60_000;

/** How a run ended. */
export interface SchemathesisRun {
  /** True where every response matched the document. */
  readonly clean: boolean;
  /** What it printed: each failure with the request that shows it again. */
  readonly output: string;
}

/**
 * Generates requests from the OpenAPI document that a server serves, valid ones and invalid ones, sends them as whoever the
 * token belongs to, and checks each response against the document. The same seed generates the same requests.
 */
export async function runSchemathesis(
  serverUrl: string,
  options: { token: string; seed: number; maxExamples: number },
): Promise<SchemathesisRun> {
  const folder = await makeTemporaryFolder('schemathesis');
  const args = [
    ...['--config-file', CONFIG_FILE, 'run', `${serverUrl}/api/v1/openapi.json`, '--url', serverUrl],
    ...['--phases', 'coverage,fuzzing', '--max-examples', String(options.maxExamples)],
    ...['--seed', String(options.seed), '--generation-database', 'none', '--no-color'],
    '--continue-on-failure',
  ];
  // the token is in the environment, which only its owner sees
  const env = { ...process.env, REELMILL_TOKEN: options.token };
  try {
    const run = promisify(execFile)(SCHEMATHESIS.program, args, {
      cwd: folder.path,
      env,
      timeout: TIMEOUT_MS,
      maxBuffer: 64 * 1024 ** 2,
    });
    return await run.then(
      ({ stdout, stderr }) => ({ clean: true, output: `${stdout}${stderr}` }),
      (error: Error & { stdout?: string; stderr?: string }) => ({
        clean: false,
        output: `${error.stdout ?? ''}${error.stderr ?? ''}\n${error.message}`,
      }),
    );
  } finally {
    await folder.remove();
  }
}
