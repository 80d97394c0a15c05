import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import { z } from 'zod';
import { type ApiResponse, type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { PretendTranscode } from '../support/pretendTranscode.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { beginMultipart, uploadSomething } from '../support/uploads.ts';

/*
 * Every route of the document, and who may do what: one line for each, with the status for nobody, another user, a
 * disabled user, the owner and an admin. A route that is not in the table fails the test.
 */

const PEOPLE = ['nobody', 'other', 'disabled', 'owner', 'admin'] as const;
type Person = (typeof PEOPLE)[number];

/** Parts of addresses and bodies that are the owner's: `fresh…` is made anew for everybody. */
interface Targets {
  video: number;
  freshUpload(): Promise<number>;
  hook: number;
  freshHook(): Promise<number>;
  delivery: number;
  ownerId: number;
}
interface Request {
  path: string;
  body?: unknown;
}
type Build = (targets: Targets) => Request | Promise<Request>;

const FILE = `fingerprint=${'ab'.repeat(32)}&size_bytes=17000000`;
const HOOK = { url: 'http://127.0.0.1:9/secret-hook', events: ['video.online'] };
const at = (path: string, body?: unknown) => (): Request => ({ path, body });
const video =
  (rest = '', body?: unknown): Build =>
  ({ video: id }) => ({ path: `/videos/${id}${rest}`, body });
const upload =
  (rest = '', body?: unknown): Build =>
  async ({ freshUpload }) => ({ path: `/videos/${await freshUpload()}${rest}`, body });
const hook =
  (rest = '', body?: unknown): Build =>
  ({ hook: id }) => ({ path: `/webhooks/${id}${rest}`, body });
const freshHook =
  (rest = ''): Build =>
  async (targets) => ({ path: `/webhooks/${await targets.freshHook()}${rest}` });

const ANYBODY = '200 200 200 200 200';
const ONE_S_OWN = '401 200 403 200 200';
/** An admin may do what the owner may. */
const OWNERS = '401 404 403 200 200';
/** Others see what is not private; this video is. */
const WHO_MAY_SEE = '404 404 403 200 200';
const ADMINS = '401 403 403 403 200';

const TABLE: Record<string, [statuses: string, request: Build]> = {
  // operation                                       nobody other disabled owner admin
  'get /healthz': [ANYBODY, at('//healthz')],
  'get /readyz': [ANYBODY, at('//readyz')],
  'get /metrics': ['401 401 401 401 401', at('//metrics')],
  'get /api/v1/server': [ANYBODY, at('/server')],
  'post /api/v1/users/register': ['400 400 400 400 400', at('/users/register', {})],
  'post /api/v1/users/login': ['400 400 400 400 400', at('/users/login', {})],
  'post /api/v1/users/refresh': ['401 401 401 401 401', at('/users/refresh', { refresh_token: 'x' })],
  'post /api/v1/users/logout': ['204 204 204 204 204', at('/users/logout', { refresh_token: 'x' })],
  'get /api/v1/me': [ONE_S_OWN, at('/me')],
  'post /api/v1/me/password': ['401 400 403 400 400', at('/me/password', {})],
  'get /api/v1/videos': [ONE_S_OWN, at('/videos')],
  'get /api/v1/videos/{id}': [WHO_MAY_SEE, video()],
  'get /api/v1/videos/{id}/events': [WHO_MAY_SEE, video('/events')],
  'get /api/v1/videos/{id}/hls/{playlist}': [WHO_MAY_SEE, video('/hls/master.m3u8')],
  'get /api/v1/videos/{id}/storyboard.vtt': [WHO_MAY_SEE, video('/storyboard.vtt')],
  'patch /api/v1/videos/{id}': [OWNERS, video('', { description: 'a secret description' })],
  'post /api/v1/videos/{id}/cancel': [OWNERS, upload('/cancel')],
  'post /api/v1/videos/{id}/renew-link': [OWNERS, upload('/renew-link')],
  'post /api/v1/videos/{id}/retry': ['401 404 403 409 409', video('/retry')],
  'delete /api/v1/videos/{id}': ['401 404 403 204 204', upload()],
  'post /api/v1/videos/upload/initiate': [ONE_S_OWN, at('/videos/upload/initiate', { file_name: 'a.mp4' })],
  'post /api/v1/videos/upload/complete': [
    '401 404 403 202 202',
    ({ video: id }) => ({ path: '/videos/upload/complete', body: { video_id: id } }),
  ],
  'get /api/v1/videos/upload/resumable': [ONE_S_OWN, at(`/videos/upload/resumable?${FILE}`)],
  'get /api/v1/videos/upload/duplicates': [ONE_S_OWN, at(`/videos/upload/duplicates?${FILE}`)],
  'get /api/v1/videos/{id}/upload': [OWNERS, upload('/upload')],
  'post /api/v1/videos/{id}/upload/parts': [OWNERS, upload('/upload/parts', { part_numbers: [1] })],
  'delete /api/v1/videos/{id}/upload': ['401 404 403 204 204', upload('/upload')],
  'post /api/v1/webhooks': ['401 201 403 201 201', at('/webhooks', HOOK)],
  'get /api/v1/webhooks': [ONE_S_OWN, at('/webhooks')],
  'get /api/v1/webhooks/{id}': [OWNERS, hook()],
  'patch /api/v1/webhooks/{id}': [OWNERS, hook('', { description: 'a secret hook' })],
  'delete /api/v1/webhooks/{id}': ['401 404 403 204 204', freshHook()],
  'post /api/v1/webhooks/{id}/rotate-secret': [OWNERS, freshHook('/rotate-secret')],
  'post /api/v1/webhooks/{id}/test': ['401 404 403 202 202', hook('/test')],
  'get /api/v1/webhooks/{id}/deliveries': [OWNERS, hook('/deliveries')],
  'post /api/v1/webhooks/{id}/deliveries/{delivery_id}/redeliver': [
    '401 404 403 202 202',
    (targets) => ({ path: `/webhooks/${targets.hook}/deliveries/${targets.delivery}/redeliver` }),
  ],
  'get /api/v1/admin/users': [ADMINS, at('/admin/users')],
  'post /api/v1/admin/users': ['401 403 403 403 400', at('/admin/users', {})],
  'patch /api/v1/admin/users/{id}': [
    ADMINS,
    ({ ownerId }) => ({ path: `/admin/users/${ownerId}`, body: {} }),
  ],
  'post /api/v1/admin/users/{id}/password': [
    '401 403 403 403 400',
    ({ ownerId }) => ({ path: `/admin/users/${ownerId}/password`, body: { password: 'password' } }),
  ],
  'get /api/v1/admin/videos': [ADMINS, at('/admin/videos')],
  'patch /api/v1/admin/videos/{id}': [
    ADMINS,
    ({ video: id }) => ({ path: `/admin/videos/${id}`, body: { priority: 'normal' } }),
  ],
  'get /api/v1/admin/audit': [ADMINS, at('/admin/audit')],
  'get /api/v1/admin/retention': [ADMINS, at('/admin/retention')],
  'post /api/v1/admin/retention/run': ['401 403 403 403 400', at('/admin/retention/run', { job: 7 })],
  'post /api/v1/admin/retention/allow': ['401 403 403 403 400', at('/admin/retention/allow', { job: 7 })],
  'get /api/v1/admin/farm': [ADMINS, at('/admin/farm')],
  'post /api/v1/admin/workers/{id}/drain': ['401 403 403 403 404', at('/admin/workers/none/drain')],
  'post /api/v1/admin/workers/{id}/resume': ['401 403 403 403 404', at('/admin/workers/none/resume')],
  'post /api/v1/admin/tasks/{id}/retry': ['401 403 403 403 404', at('/admin/tasks/999999/retry')],
  'get /api/v1/admin/dead-letters': [ADMINS, at('/admin/dead-letters')],
  'post /api/v1/admin/dead-letters/replay': [ADMINS, at('/admin/dead-letters/replay', {})],
  'post /api/v1/admin/dead-letters/discard': [
    '401 403 403 403 400',
    at('/admin/dead-letters/discard', { queue: 7 }),
  ],
};

const ADMIN = { email: 'boss@example.org', password: 'the password of the boss' };
/** Whatever of the owner's must not reach others has this in it. */
const MARK = /secret|own-er@|name of the owner/i;

describe('every route, by who asks', { timeout: 300_000 }, () => {
  let server: TestServer;
  let api: DocumentedApi;
  let people: Record<Exclude<Person, 'nobody'>, ApiUser>;
  let targets: Targets;

  before(async () => {
    server = await startTestServer({
      env: {
        ADMIN_EMAIL: ADMIN.email,
        ADMIN_PASSWORD: ADMIN.password,
        METRICS_TOKEN: randomBytes(32).toString('hex'),
        WEBHOOK_ALLOW_HTTP: 'true',
        WEBHOOK_ALLOW_PRIVATE: 'true',
      },
    });
    api = await DocumentedApi.of(server.url);
    const [owner, other, disabled] = [
      await api.signUp('own-er'),
      await api.signUp('other'),
      await api.signUp('disabled'),
    ];
    const admin = await api.logIn(ADMIN);
    people = { owner, other, disabled, admin };
    targets = await makeTargets(owner);
    const path = `/admin/users/${disabled.userId}`;
    assert.equal((await admin.call('PATCH', path, { body: { disabled: true } })).status, 200);
  });
  after(() => server?.stop());

  async function makeTargets(owner: ApiUser): Promise<Targets> {
    const secret = { title: 'a secret film', file_name: 'secret.mp4' };
    const id = await uploadSomething(owner, secret);
    await (await PretendTranscode.plan(server.context, id)).publish();
    const makeHook = async (): Promise<number> => {
      const response = await owner.call('POST', '/webhooks', { body: HOOK });
      return response.as(z.object({ webhook: z.object({ id: z.int() }) })).webhook.id;
    };
    const hookId = await makeHook();
    const tested = await owner.call('POST', `/webhooks/${hookId}/test`);
    const { delivery } = tested.as(z.object({ delivery: z.object({ id: z.int() }) }));
    return {
      video: id,
      freshUpload: async () => (await beginMultipart(owner, 17_000_000, secret)).videoId,
      hook: hookId,
      freshHook: makeHook,
      delivery: delivery.id,
      ownerId: owner.userId,
    };
  }

  const ask = async (operation: string, token: string | undefined): Promise<ApiResponse> => {
    const row = TABLE[operation];
    assert.ok(row, `${operation} is not in the table`);
    const { path, body } = await row[1](targets);
    return api.call(operation.split(' ', 1).join('').toUpperCase(), path, { token, body });
  };

  test('the table lists exactly all routes', () => {
    assert.deepEqual(Object.keys(TABLE).sort(), api.operations.sort());
  });

  test('every role gets the status of the table, and no data of others', async () => {
    const expected: string[] = [];
    const actual: string[] = [];
    for (const operation of api.operations) {
      expected.push(`${operation}: ${TABLE[operation]?.[0]}`);
      const statuses: number[] = [];
      for (const person of PEOPLE) {
        const response = await ask(operation, person === 'nobody' ? undefined : people[person].token);
        statuses.push(response.status);
        const isForeign = person !== 'owner' && person !== 'admin';
        // what somebody registers for themselves is theirs
        if (
          isForeign &&
          !operation.includes('webhooks') &&
          operation !== 'post /api/v1/videos/upload/initiate'
        ) {
          assert.doesNotMatch(response.text, MARK, `${operation} as ${person}`);
        }
      }
      actual.push(`${operation}: ${statuses.join(' ')}`);
    }
    assert.deepEqual(actual, expected);
  });

  test('a missing resource and one of another user get the same error', async () => {
    const { other } = people;
    const missing: Targets = { ...targets, video: 999_999, hook: 999_999, delivery: 999_999 };
    for (const [operation, [statuses, request]] of Object.entries(TABLE)) {
      if (statuses.split(' ')[1] !== '404' || !/^\S+ \S*\{id\}/.test(operation)) continue;
      const { path, body } = await request({
        ...missing,
        freshUpload: async () => 999_999,
        freshHook: async () => 999_999,
      });
      const method = operation.split(' ', 1).join('').toUpperCase();
      const [absent, foreign] = [await other.call(method, path, { body }), await ask(operation, other.token)];
      const told = ({ status, error }: ApiResponse) => [status, error.code, error.message];
      assert.deepEqual(told(absent), told(foreign), operation);
    }
  });

  test('rejects forged tokens in every route', async () => {
    const tokens = forgeTokens(people.admin.userId, server.context.secrets.accessTokens);
    let next = 0;
    for (const [operation, [statuses]] of Object.entries(TABLE)) {
      if (!statuses.startsWith('401') || operation === 'post /api/v1/users/refresh') continue;
      // each route gets some of them, and each of them some routes
      for (let count = 0; count < 3; count += 1) {
        const [name, token] = tokens[next % tokens.length] ?? ['', ''];
        next += 1;
        const response = await ask(operation, token);
        assert.equal(response.status, 401, `${operation} with ${name}`);
        assert.ok(
          ['unauthorized', 'token_expired'].includes(response.error.code),
          `${operation} with ${name}`,
        );
      }
    }
    assert.ok(next > tokens.length);
  });

  test('a link of one video does not open another one', async () => {
    const { owner } = people;
    const second = await uploadSomething(owner, { title: 'another secret film' });
    await (await PretendTranscode.plan(server.context, second)).publish();
    const { video: first } = (await owner.call('GET', `/videos/${targets.video}`)).as(videoDetailSchema);
    const pages = ['', '/events', '/hls/master.m3u8', '/storyboard.vtt'];
    for (const link of [first.watch_url, first.playback_url, first.storyboard_url]) {
      assert.ok(link);
      for (const page of pages) {
        const response = await api.call('GET', `/videos/${second}${page}${new URL(link).search}`);
        assert.deepEqual(
          [response.status, response.error.code],
          [403, 'signature_invalid'],
          `${page} by ${link}`,
        );
      }
      const watch = await fetch(`${server.url}/watch/${second}${new URL(link).search}`);
      assert.equal(watch.status, 401);
      assert.doesNotMatch(await watch.text(), MARK);
    }
  });
});

/** Tokens that name an admin and that nobody with the secret has signed, or not for this. */
function forgeTokens(userId: number, secret: string): [name: string, token: string][] {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    sub: String(userId),
    iss: 'reelmill',
    aud: 'reelmill-api',
    epoch: 0,
    iat: now,
    exp: now + 900,
  };
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const unsigned = (header: object, changes: object = {}): string =>
    `${encode({ typ: 'JWT', ...header })}.${encode({ ...claims, ...changes })}`;
  const hmac = (text: string, key: string, hash = 'sha256'): string =>
    `${text}.${createHmac(hash, key).update(text).digest('base64url')}`;
  const hs256 = (changes: object, key = secret): string => hmac(unsigned({ alg: 'HS256' }, changes), key);
  const rs256 = unsigned({ alg: 'RS256' });
  const embedded = unsigned({ alg: 'RS256', jwk: publicKey.export({ format: 'jwk' }) });
  const bySwappedKey = unsigned({ alg: 'HS256', kid: '/dev/null' });
  const good = hs256({});
  return [
    ['no algorithm', `${unsigned({ alg: 'none' })}.`],
    ['no algorithm, in other letters', `${unsigned({ alg: 'nOnE' })}.`],
    ['no algorithm, but a signature', hmac(unsigned({ alg: 'none' }), secret)],
    ['another algorithm of the same secret', hmac(unsigned({ alg: 'HS512' }), secret, 'sha512')],
    ['an RSA signature', `${rs256}.${sign('sha256', Buffer.from(rs256), privateKey).toString('base64url')}`],
    [
      'a key of its own',
      `${embedded}.${sign('sha256', Buffer.from(embedded), privateKey).toString('base64url')}`,
    ],
    ['a public key as the secret', hmac(unsigned({ alg: 'HS256' }), pem)],
    ['an empty key that its header names', hmac(bySwappedKey, '')],
    ['another secret', hs256({}, 'another secret that is long enough for this')],
    ['no signature', good.split('.').slice(0, 2).join('.')],
    [
      'claims that were changed',
      [good.split('.')[0], encode({ ...claims, sub: '2' }), good.split('.')[2]].join('.'),
    ],
    ['another audience', hs256({ aud: 'somebody else' })],
    ['another issuer', hs256({ iss: 'somebody else' })],
    ['a time that is over', hs256({ exp: now - 1 })],
    ['a time that has not come', hs256({ nbf: now + 600 })],
    ['an earlier epoch', hs256({ epoch: -1 })],
    ['an epoch that is no number', hs256({ epoch: {} })],
    ['nobody', hs256({ sub: undefined })],
    ['a user who is none', hs256({ sub: '0' })],
    ['more than a user', hs256({ sub: `${userId} OR 1=1` })],
  ];
}
