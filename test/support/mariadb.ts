import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import type { ServerCertificate } from './privateCa.ts';
import { findFreePort, makeTemporaryFolder, type RunningProcess, startProcess } from './processes.ts';

/** What MariaDB needs to be installed; `npm test` sees to it. */
export const MARIADB_PROGRAMS = ['mariadbd', 'mariadb-install-db'];

const USER = 'reelmill';
/** Debian keeps servers where only root's PATH looks. */
const PATH = `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin`;
const INSTALL_TIMEOUT_MS = 120_000;

/** A private MariaDB whose data survives `stop` and `start`. */
export interface MariaDb {
  /** The server's process. */
  readonly pid: number;
  /** `mysql://user:password@127.0.0.1:port`, without a database; the user may create some. `?ssl=true` with TLS. */
  readonly url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** A crash. */
  kill(): Promise<void>;
  /** Ends the server and removes its data. */
  dispose(): Promise<void>;
}

/** An empty database. `dispose` drops it, and ends the server where it was started for it. */
export interface TestDatabase {
  /** With the database's name. */
  readonly url: string;
  dispose(): Promise<void>;
}

/**
 * Starts a MariaDB of its own: new data folder, own socket, a free port of 127.0.0.1, a user with a password. With a
 * certificate it takes only TLS; this process must trust its CA.
 */
export async function startMariaDb(tls?: ServerCertificate): Promise<MariaDb> {
  const folder = await makeTemporaryFolder('mariadb');
  const port = await findFreePort();
  const password = randomBytes(12).toString('hex');
  const address = tls === undefined ? `127.0.0.1:${port}` : `localhost:${port}?ssl=true`;
  const url = `mysql://${USER}:${password}@${address}`;
  let server: RunningProcess | undefined;

  const start = async (): Promise<void> => {
    server = startProcess('mariadbd', [...serverArguments(folder.path, port), ...tlsArguments(tls)], {
      env: { PATH },
      cwd: folder.path,
    });
    await server.waitUntil('the user can log in', () => canLogIn(url));
  };
  const dispose = async (): Promise<void> => {
    await server?.stop(20_000);
    await folder.remove();
  };
  try {
    await createData(folder.path, password);
    await start();
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    url,
    get pid() {
      return server?.pid ?? -1;
    },
    start,
    dispose,
    stop: async () => server?.stop(20_000),
    kill: async () => server?.kill(),
  };
}

/** An empty database on the MariaDB of this run, or on one of its own where there is none or TLS is wanted. */
export async function useMariaDb(tls?: ServerCertificate): Promise<TestDatabase> {
  const shared = tls === undefined ? process.env.REELMILL_TEST_MYSQL_URL : undefined;
  const own = shared === undefined ? await startMariaDb(tls) : undefined;
  const serverUrl = own?.url ?? shared ?? '';
  const name = `reelmill_${randomBytes(6).toString('hex')}`;
  try {
    await execute(serverUrl, `CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  } catch (error) {
    await own?.dispose();
    throw error;
  }
  return {
    url: Object.assign(new URL(serverUrl), { pathname: name }).href,
    dispose: async () => {
      if (own !== undefined) await own.dispose();
      else await execute(serverUrl, `DROP DATABASE IF EXISTS ${name}`);
    },
  };
}

async function createData(folder: string, password: string): Promise<void> {
  await promisify(execFile)(
    'mariadb-install-db',
    [
      '--no-defaults',
      `--datadir=${path.join(folder, 'data')}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      ...asRoot(),
    ],
    { env: { ...process.env, PATH }, timeout: INSTALL_TIMEOUT_MS },
  );
  await writeFile(
    path.join(folder, 'init.sql'),
    [
      `ALTER USER root@localhost IDENTIFIED BY '${password}';`,
      `CREATE USER IF NOT EXISTS ${USER}@'127.0.0.1' IDENTIFIED BY '${password}';`,
      `GRANT ALL PRIVILEGES ON *.* TO ${USER}@'127.0.0.1';`,
      '',
    ].join('\n'),
    { mode: 0o600 },
  );
}

function serverArguments(folder: string, port: number): string[] {
  return [
    '--no-defaults',
    `--datadir=${path.join(folder, 'data')}`,
    `--socket=${path.join(folder, 'socket')}`,
    `--pid-file=${path.join(folder, 'pid')}`,
    `--init-file=${path.join(folder, 'init.sql')}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    '--skip-name-resolve',
    '--skip-log-bin',
    '--innodb-buffer-pool-size=64M',
    '--character-set-server=utf8mb4',
    ...asRoot(),
  ];
}

function tlsArguments(tls: ServerCertificate | undefined): string[] {
  if (tls === undefined) return [];
  return [
    ...[`--ssl-ca=${tls.caFile}`, `--ssl-cert=${tls.certFile}`, `--ssl-key=${tls.keyFile}`],
    '--require-secure-transport=ON',
  ];
}

/** Run by root, MariaDB needs to be told that this is intended. */
function asRoot(): string[] {
  return process.getuid?.() === 0 ? ['--user=root'] : [];
}

async function canLogIn(url: string): Promise<boolean> {
  await execute(url, 'SELECT 1');
  return true;
}

async function execute(url: string, statement: string): Promise<void> {
  const address = new URL(url);
  const tls = address.searchParams.has('ssl') ? { ssl: {} } : {};
  address.search = '';
  const connection = await createConnection({ uri: address.href, connectTimeout: 5_000, ...tls });
  try {
    await connection.query(statement);
  } finally {
    await connection.end();
  }
}
