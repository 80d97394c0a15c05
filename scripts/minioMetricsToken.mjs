// What MinIO asks of whoever reads its metrics: a token signed with the secret of its root user, good for nothing else.
import { createHmac } from 'node:crypto';

const VALID_YEARS = 100;

/** A JSON Web Token as `mc admin prometheus generate` makes it. */
export function minioMetricsToken(rootUser, rootPassword) {
  const expires = Math.floor(Date.now() / 1000) + VALID_YEARS * 365 * 86_400;
  const body = [
    { alg: 'HS512', typ: 'JWT' },
    { exp: expires, sub: rootUser, iss: 'prometheus' },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${body}.${createHmac('sha512', rootPassword).update(body).digest('base64url')}`;
}
