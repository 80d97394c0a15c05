import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { findElectron } from '../../scripts/electronRuntime.mjs';
import { CACHE_BIN } from '../support/cacheFolder.ts';
import { CADDY_PROGRAMS } from '../support/caddy.ts';
import { MARIADB_PROGRAMS } from '../support/mariadb.ts';
import { PROMETHEUS_PROGRAMS } from '../support/prometheus.ts';
import { RABBITMQ_PROGRAMS } from '../support/rabbitmq.ts';
import { SCHEMATHESIS_PROGRAMS } from '../support/schemathesis.ts';
import { byLength, mostlyWaits } from './order.ts';

export const ROOT = path.resolve(import.meta.dirname, '../..');

const UNIT_TESTS = '{{shared,server,worker,desktop}/src,scripts}/**/*.test.ts';
const OTHER_TESTS = 'test/!(slow)/**/*.test.ts';
/** Long by nature; `npm run test:slow` runs them alone. */
const SLOW_TESTS = 'test/slow/**/*.test.ts';
const HOOK_OF_THE_FILE = /^(before|after)(Each)?\(/m;
const IMPORT = /(?:from|import)\s*\(?\s*'(\.[^']+)'/g;

export type Need =
  | 'MariaDB'
  | 'RabbitMQ'
  | 'MinIO'
  | 'mc'
  | 'Chromium'
  | 'Caddy'
  | 'Electron'
  | 'the built app'
  | 'kustomize'
  | 'OpenSSL'
  | 'Schemathesis'
  | 'Prometheus';

/** What an import, direct or not, says a test file needs; undefined is a program that is nowhere. */
const NEEDS: readonly { need: Need; marker: RegExp; programs: readonly (string | undefined)[] }[] = [
  { need: 'MariaDB', marker: /\/support\/mariadb\.ts'/, programs: MARIADB_PROGRAMS },
  { need: 'RabbitMQ', marker: /\/support\/rabbitmq\.ts'/, programs: RABBITMQ_PROGRAMS },
  { need: 'MinIO', marker: /\/support\/minio\.ts'/, programs: ['minio'] },
  { need: 'mc', marker: /\/support\/farmUsers\.ts'/, programs: ['mc'] },
  { need: 'Chromium', marker: /\/browser\.ts'/, programs: ['chromium'] },
  { need: 'kustomize', marker: /\/support\/kustomize\.ts'/, programs: ['kustomize'] },
  { need: 'OpenSSL', marker: /\/privateCa\.ts'/, programs: ['openssl'] },
  { need: 'Schemathesis', marker: /\/support\/schemathesis\.ts'/, programs: SCHEMATHESIS_PROGRAMS },
  { need: 'Prometheus', marker: /\/support\/prometheus\.ts'/, programs: PROMETHEUS_PROGRAMS },
  { need: 'Caddy', marker: /\/caddy\.ts'/, programs: CADDY_PROGRAMS },
  { need: 'Electron', marker: /\/desktopApp\.ts'/, programs: electronPrograms() },
  { need: 'the built app', marker: /\/desktopBuild\.ts'/, programs: [] },
];

/** One test file, its path relative to the project's root. */
export interface Suite {
  file: string;
  /** A unit test starts nothing, so that several run side by side. */
  unit: boolean;
  /** Its hooks stand outside any group, so that they would run for the tests of other files, too. */
  ownProcess: boolean;
  /** It leaves most of a core to others. */
  waits: boolean;
  needs: Need[];
}

/** The test files whose path contains one of the filters, the longest first; all where there is no filter. */
export function findSuites(
  filters: readonly string[],
  { unit, slow }: { unit: boolean; slow: boolean },
): Suite[] {
  const find = (pattern: string): string[] =>
    globSync(pattern, { cwd: ROOT, exclude: (name) => name === 'node_modules' })
      .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
      .sort(byLength);
  if (slow) return find(SLOW_TESTS).map(suiteOf);
  const others = unit ? [] : find(OTHER_TESTS).map(suiteOf);
  return [...find(UNIT_TESTS).map(unitSuiteOf), ...others];
}

function unitSuiteOf(file: string): Suite {
  const ownProcess = HOOK_OF_THE_FILE.test(readFileSync(path.join(ROOT, file), 'utf8'));
  return { file, unit: true, ownProcess, waits: false, needs: [] };
}

function suiteOf(file: string): Suite {
  return {
    file,
    unit: false,
    ownProcess: true,
    waits: mostlyWaits(file),
    needs: findNeeds(file),
  };
}

/** The needs that this machine cannot meet. */
export function findMissing(): Set<Need> {
  return new Set(NEEDS.filter(({ programs }) => !programs.every(isInstalled)).map(({ need }) => need));
}

function findNeeds(file: string): Need[] {
  const text = readReachable(path.join(ROOT, file), new Set()).join('\n');
  return NEEDS.filter(({ marker }) => marker.test(text)).map(({ need }) => need);
}

/** The texts of a file and of everything under test/ that it imports. */
function readReachable(file: string, seen: Set<string>): string[] {
  if (seen.has(file) || !file.startsWith(path.join(ROOT, 'test') + path.sep) || !existsSync(file)) return [];
  seen.add(file);
  const text = readFileSync(file, 'utf8');
  const imported = [...text.matchAll(IMPORT)].map(([, target = '']) =>
    path.resolve(path.dirname(file), target),
  );
  return [text, ...imported.flatMap((next) => readReachable(next, seen))];
}

/** On Linux it runs on a screen of its own. */
function electronPrograms(): (string | undefined)[] {
  return [findElectron()?.executable, ...(process.platform === 'linux' ? ['Xvfb'] : [])];
}

function isInstalled(program: string | undefined): boolean {
  if (program === undefined) return false;
  if (path.isAbsolute(program)) return existsSync(program);
  const folders = [
    ...(process.env.PATH ?? '').split(':'),
    '/usr/local/sbin',
    '/usr/sbin',
    '/sbin',
    CACHE_BIN,
  ];
  return folders.some((folder) => folder !== '' && existsSync(path.join(folder, program)));
}
