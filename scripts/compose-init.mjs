// Writes .env, or the file that is named, with the secrets that docker-compose.yml asks for. Keeps every value that is
// there already.
import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';

const SECRETS = [
  'MYSQL_ROOT_PASSWORD',
  'MYSQL_PASSWORD',
  'RABBITMQ_SERVER_PASSWORD',
  'RABBITMQ_WORKER_PASSWORD',
  'MINIO_ROOT_PASSWORD',
  'MINIO_SERVER_PASSWORD',
  'MINIO_WORKER_PASSWORD',
  'JWT_SECRET',
];
const FILE = process.argv[2] ?? new URL('../.env', import.meta.url);

const before = read();
// hexadecimal: safe inside the URLs that compose builds from it
const missing = SECRETS.filter((name) => !new RegExp(`^${name}=.+$`, 'm').test(before));
const added = missing.map((name) => `${name}=${randomBytes(32).toString('hex')}\n`).join('');
if (added) {
  writeFileSync(FILE, `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${added}`, {
    mode: 0o600,
  });
  // the mode above counts for a new file only
  chmodSync(FILE, 0o600);
}
console.log(missing.length > 0 ? `made ${missing.join(', ')}` : 'every secret is there already');

function read() {
  try {
    return readFileSync(FILE, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return '';
    throw error;
  }
}
