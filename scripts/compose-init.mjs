// Writes .env with the secrets that docker-compose.yml asks for. Keeps every value that is there already.
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const SECRETS = ['MYSQL_PASSWORD', 'RABBITMQ_PASSWORD', 'MINIO_PASSWORD', 'JWT_SECRET'];
const FILE = new URL('../.env', import.meta.url);

const before = read();
// hexadecimal: safe inside the URLs that compose builds from it
const missing = SECRETS.filter((name) => !new RegExp(`^${name}=.+$`, 'm').test(before));
const added = missing.map((name) => `${name}=${randomBytes(32).toString('hex')}\n`).join('');
if (added)
  writeFileSync(FILE, `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${added}`, {
    mode: 0o600,
  });
console.log(missing.length > 0 ? `.env: made ${missing.join(', ')}` : '.env has every secret already');

function read() {
  try {
    return readFileSync(FILE, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return '';
    throw error;
  }
}
