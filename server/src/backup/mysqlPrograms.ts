import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { programEnvironment } from '@reelmill/shared/runtime/config.ts';
import { readTail } from '@reelmill/shared/runtime/programOutput.ts';
import { QueryTypes } from 'sequelize';
import { connect } from '../db/database.ts';
import { writeDurably } from './files.ts';

const DUMP_PROGRAMS = ['mariadb-dump', 'mysqldump'];
const CLIENT_PROGRAMS = ['mariadb', 'mysql'];
/** One transaction, so nobody is kept waiting and the copy is of one moment; no rights that only root has. */
const DUMP_OPTIONS = [
  '--single-transaction',
  '--quick',
  '--skip-lock-tables',
  '--no-tablespaces',
  '--hex-blob',
];
const STDERR_LIMITS = { maxCharacters: 2_000, maxBytes: 16 * 1024 * 1024 };

/** Hands the dump to `take` while the program makes it. Throws where program or `take` fails. */
export async function dumpMysql(url: string, take: (sql: Readable) => Promise<void>): Promise<void> {
  await withLogin(url, async (login, database) => {
    await runFirst(DUMP_PROGRAMS, [login, ...DUMP_OPTIONS, '--default-character-set=utf8mb4', database], {
      output: take,
    });
  });
}

export async function loadMysql(url: string, sql: Readable): Promise<void> {
  await withLogin(url, async (login, database) => {
    await runFirst(CLIENT_PROGRAMS, [login, '--default-character-set=utf8mb4', database], { input: sql });
  });
}

export async function isMysqlEmpty(url: string): Promise<boolean> {
  const sequelize = await connect({ url });
  try {
    return (await sequelize.query('SHOW TABLES', { type: QueryTypes.SELECT })).length === 0;
  } finally {
    await sequelize.close();
  }
}

/** The password goes in a file that only we can read: others see the arguments of a process. */
async function withLogin(
  databaseUrl: string,
  work: (option: string, database: string) => Promise<void>,
): Promise<void> {
  const url = new URL(databaseUrl);
  const folder = await mkdtemp(path.join(tmpdir(), 'reelmill-login-'));
  const file = path.join(folder, 'login.cnf');
  const quote = (text: string): string => `"${decodeURIComponent(text).replace(/["\\]/g, '\\$&')}"`;
  try {
    await writeDurably(
      file,
      [
        '[client]',
        `host=${quote(url.hostname.replace(/^\[|\]$/g, ''))}`,
        `port=${url.port || 3306}`,
        'protocol=tcp',
        `user=${quote(url.username)}`,
        `password=${quote(url.password)}`,
        '',
      ].join('\n'),
    );
    await work(`--defaults-extra-file=${file}`, decodeURIComponent(url.pathname.slice(1)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Streams {
  input?: Readable;
  output?: (stdout: Readable) => Promise<void>;
}

/** Runs the first of these programs that is installed. */
async function runFirst(
  programs: readonly string[],
  args: readonly string[],
  streams: Streams,
): Promise<void> {
  for (const program of programs) {
    if (await run(program, args, streams)) return;
  }
  throw new Error(`None of these programs is installed: ${programs.join(', ')}.`);
}

/** Returns false where there is no such program; throws where it fails. */
async function run(program: string, args: readonly string[], { input, output }: Streams): Promise<boolean> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: programEnvironment() });
  const started = await new Promise<boolean>((resolve, reject) => {
    child.once('spawn', () => resolve(true));
    child.once('error', (error) =>
      'code' in error && error.code === 'ENOENT' ? resolve(false) : reject(error),
    );
  });
  if (!started) return false;
  const stderr = readTail(child.stderr, STDERR_LIMITS, () => child.kill());
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const work = Promise.all([
    output === undefined ? child.stdout.resume() : output(child.stdout),
    input === undefined ? child.stdin.end() : pipeline(input, child.stdin),
  ]);
  const outcome = await Promise.allSettled([work]);
  if (outcome[0]?.status === 'rejected') child.kill();
  const exitCode = await ended;
  // a program that fails breaks its pipes as well, and says more than they do
  if (exitCode !== 0) throw new Error(`${program} failed (exit code ${exitCode}): ${stderr().trim()}`);
  if (outcome[0]?.status === 'rejected') throw outcome[0].reason;
  return true;
}
