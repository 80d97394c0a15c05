// Writes .env, or the file that is named, with the secrets that docker-compose.yml asks for. Keeps every value that is
// there already.
//
//   compose-init.mjs [--admin E-MAIL] [FILE]      --admin: names the first admin, with a password that is made here
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { minioMetricsToken } from './minioMetricsToken.mjs';

const SECRETS = [
  'MYSQL_ROOT_PASSWORD',
  'MYSQL_PASSWORD',
  'RABBITMQ_SERVER_PASSWORD',
  'RABBITMQ_WORKER_PASSWORD',
  'MINIO_ROOT_PASSWORD',
  'MINIO_SERVER_PASSWORD',
  'MINIO_WORKER_PASSWORD',
  'MINIO_UPLOAD_PASSWORD',
  'MINIO_PLAYBACK_PASSWORD',
  'JWT_SECRET',
  'METRICS_TOKEN',
  'GRAFANA_PASSWORD',
];
const { values: options, positionals } = parseArgs({
  options: { admin: { type: 'string' } },
  allowPositionals: true,
});
const FILE = path.resolve(positionals[0] ?? path.join(import.meta.dirname, '../.env'));

const before = read();
const made = makeMissing();
if (made.size > 0) {
  const added = [...made].map(([name, value]) => `${name}=${value}\n`).join('');
  replacePrivately(`${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${added}`);
} else {
  // private to its owner, whoever wrote it
  chmodSync(FILE, 0o600);
}
console.log(made.size > 0 ? `made ${[...made.keys()].join(', ')}` : 'every secret is there already');
console.log(formatAdmin());

function makeMissing() {
  // hexadecimal: safe inside the URLs that compose builds from it
  const missing = SECRETS.filter((name) => lookUp(name) === undefined);
  const added = new Map(missing.map((name) => [name, randomBytes(32).toString('hex')]));
  if (lookUp('MINIO_METRICS_TOKEN') === undefined) {
    const rootPassword = added.get('MINIO_ROOT_PASSWORD') ?? lookUp('MINIO_ROOT_PASSWORD');
    added.set('MINIO_METRICS_TOKEN', minioMetricsToken('reelmill', rootPassword));
  }
  if (options.admin !== undefined && lookUp('ADMIN_EMAIL') === undefined) {
    if (!/^[^\s@]+@[^\s@]+$/.test(options.admin)) throw new Error('--admin must be an e-mail address');
    added.set('ADMIN_EMAIL', options.admin);
    if (lookUp('ADMIN_PASSWORD') === undefined) added.set('ADMIN_PASSWORD', randomBytes(12).toString('hex'));
  }
  return added;
}

/** Returns who the first admin is. Registration is closed by default, so that nobody gets in without an admin. */
function formatAdmin() {
  const admin = made.get('ADMIN_EMAIL') ?? lookUp('ADMIN_EMAIL');
  if (admin !== undefined) return `the first admin is ${admin}, with the ADMIN_PASSWORD of ${FILE}`;
  return 'there is no first admin: run this with --admin E-MAIL, or set REGISTRATION=open for anybody to register';
}

/** The new file is its owner's from its first byte on; a link goes on leading to it. */
function replacePrivately(text) {
  const file = existsSync(FILE) ? realpathSync(FILE) : FILE;
  const draft = `${file}.${randomBytes(4).toString('hex')}.new`;
  writeFileSync(draft, text, { flag: 'wx', mode: 0o600 });
  renameSync(draft, file);
}

function lookUp(name) {
  return new RegExp(`^${name}=(.+)$`, 'm').exec(before)?.[1];
}

function read() {
  try {
    return readFileSync(FILE, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return '';
    throw error;
  }
}
