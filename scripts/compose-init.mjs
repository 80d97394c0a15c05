// Writes .env, or the file that is named, with the secrets that docker-compose.yml asks for. Keeps every value that is
// there already.
import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
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
const FILE = process.argv[2] ?? new URL('../.env', import.meta.url);

const before = read();
// hexadecimal: safe inside the URLs that compose builds from it
const missing = SECRETS.filter((name) => lookUp(name) === undefined);
const made = new Map(missing.map((name) => [name, randomBytes(32).toString('hex')]));
if (lookUp('MINIO_METRICS_TOKEN') === undefined) {
  const rootPassword = made.get('MINIO_ROOT_PASSWORD') ?? lookUp('MINIO_ROOT_PASSWORD');
  made.set('MINIO_METRICS_TOKEN', minioMetricsToken('reelmill', rootPassword));
}
const added = [...made].map(([name, value]) => `${name}=${value}\n`).join('');
if (added) {
  writeFileSync(FILE, `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${added}`, {
    mode: 0o600,
  });
  // the mode above counts for a new file only
  chmodSync(FILE, 0o600);
}
console.log(made.size > 0 ? `made ${[...made.keys()].join(', ')}` : 'every secret is there already');

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
