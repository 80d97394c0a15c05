import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { claimLoginAttempt } from '@reelmill/server/auth/loginLimits.ts';
import { sessionSchema } from '@reelmill/shared/contracts/users.ts';
import { Op } from 'sequelize';
import { type ApiResponse, type ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { addQuickAccount } from '../support/quickAccount.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const ADMIN = { email: 'boss@example.org', password: 'the password of the boss' };
const OWNERS_ADDRESS = '203.0.113.77';

describe('guessing at passwords', { timeout: 600_000 }, () => {
  let server: TestServer;
  let api: DocumentedApi;
  before(async () => {
    const env = { ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password, TRUST_PROXY: '1' };
    server = await startTestServer({ env: { ...env, SIGN_INS_PER_MINUTE: '0' } });
    api = await DocumentedApi.of(server.url);
  });
  after(() => server.stop());

  interface Login {
    email: string;
    password: string;
    device_token?: string | null;
  }
  const logIn = (body: Login, address: string): Promise<ApiResponse> =>
    api.call('POST', '/users/login', { body, headers: { 'X-Forwarded-For': address } });
  const register = (name: string) => addQuickAccount(server.context.database.models, name);
  let attackers = 0;
  const anotherAddress = (): string => {
    attackers += 1;
    return `198.51.100.${attackers}`;
  };
  /** As if so many had failed: each real one costs the time of a password hash. */
  const fail = async (email: string, times: number, network?: string): Promise<void> => {
    for (let count = 0; count < times; count += 1) {
      const claim = { email, network: network ?? anotherAddress() };
      await (await claimLoginAttempt(server.context.database.models, claim)).failed();
    }
  };
  const useUp = async (subjects: string): Promise<void> => {
    const where = { subject: { [Op.startsWith]: subjects } };
    const [changed] = await server.context.database.models.LoginAttempt.update({ failures: 10 }, { where });
    assert.equal(changed, 1);
  };
  /** Ten wrong passwords from as many addresses: nobody unknown gets in for a while. */
  const attack = async (email: string): Promise<void> => {
    const wrong = { email, password: 'a wrong guess' };
    await fail(email, 9);
    assert.equal((await logIn(wrong, anotherAddress())).status, 401);
    const refused = await logIn(wrong, anotherAddress());
    assert.deepEqual([refused.status, refused.error.code], [429, 'rate_limited']);
    assert.ok(Number(refused.headers.get('retry-after')) <= 30, 'the first delay is short');
  };

  for (const who of ['an admin', 'a creator']) {
    test(`${who} gets in from a known device and from a known address while others guess`, async () => {
      const account = who === 'an admin' ? ADMIN : await register('owner');
      const first = await logIn({ ...account, device_token: null }, OWNERS_ADDRESS);
      const { device_token: deviceToken } = first.as(sessionSchema);
      assert.ok(deviceToken);
      await attack(account.email);
      // elsewhere, not even with the right password
      assert.equal((await logIn(account, anotherAddress())).status, 429);
      assert.equal((await logIn({ ...account, device_token: 'made up' }, anotherAddress())).status, 429);
      const travelling = await logIn({ ...account, device_token: deviceToken }, anotherAddress());
      assert.equal(travelling.status, 200, travelling.text);
      assert.equal(travelling.as(sessionSchema).device_token, deviceToken);
      assert.equal((await logIn(account, OWNERS_ADDRESS)).status, 200);
    });
  }

  test('a stolen device has ten guesses, which do not lock out the owner', async () => {
    await server.context.database.models.LoginAttempt.destroy({
      where: { subject: { [Op.startsWith]: 'device:' } },
    });
    const account = await register('robbed');
    const stolen = (await logIn({ ...account, device_token: null }, '203.0.113.1')).as(sessionSchema);
    const own = (await logIn({ ...account, device_token: null }, '203.0.113.2')).as(sessionSchema);
    const guess = () =>
      logIn(
        { ...account, password: 'a wrong guess', device_token: stolen.device_token ?? '' },
        anotherAddress(),
      );
    assert.equal((await guess()).status, 401);
    await useUp('device:');
    assert.equal((await guess()).status, 429);
    assert.equal(
      (await logIn({ ...account, device_token: own.device_token ?? '' }, anotherAddress())).status,
      200,
    );
    assert.equal((await logIn(account, anotherAddress())).status, 200);
  });

  test('a known device of one account is unknown for another', async () => {
    const [mine, theirs] = [await register('mine'), await register('theirs')];
    const { device_token: token = '' } = (await logIn({ ...mine, device_token: null }, anotherAddress())).as(
      sessionSchema,
    );
    await attack(theirs.email);
    const guess = await logIn({ ...theirs, device_token: token }, anotherAddress());
    assert.equal(guess.status, 429);
  });

  test('responses do not reveal whether an account exists, nor whether it was logged in from there', async () => {
    const account = await register('secret');
    const shared = '203.0.113.200';
    assert.equal((await logIn(account, shared)).status, 200);
    const outcomes: Record<string, unknown[]> = {};
    for (const email of [account.email, 'nobody@example.org']) {
      const seen: unknown[] = [];
      outcomes[email] = seen;
      const note = ({ status, error }: ApiResponse) => seen.push([status, error.code, error.message]);
      const guess = (address: string) => logIn({ email, password: 'a wrong guess' }, address);
      await fail(email, 9);
      note(await guess(anotherAddress()));
      // the network that the account is known in, whose own attempts run out as well
      note(await guess(shared));
      await useUp(`known:${email} `);
      note(await guess(shared));
      note(await guess(anotherAddress()));
    }
    assert.deepEqual(outcomes[account.email], outcomes['nobody@example.org']);
  });

  test('thirty concurrent right logins of one account all succeed, and count no failure', async () => {
    const account = await register('busy');
    const responses = await Promise.all(
      Array.from({ length: 30 }, (_, index) => logIn(account, `203.0.113.${index}`)),
    );
    assert.deepEqual(
      responses.map(({ status }) => status),
      Array(30).fill(200),
    );
    const rows = await server.context.database.models.LoginAttempt.findAll({
      where: { subject: `account:${account.email}` },
    });
    assert.deepEqual(
      rows.map(({ failures, pending }) => [failures, pending]),
      [[0, 0]],
    );
  });

  test('of thirty concurrent wrong guesses ten are verified, and right ones among them wait', async () => {
    const account = await register('mixed');
    const responses = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        logIn({ ...account, password: `wrong guess ${index}` }, anotherAddress()),
      ),
    );
    assert.equal(responses.filter(({ status }) => status === 401).length, 10);
    assert.equal(responses.filter(({ status }) => status === 429).length, 20);
  });

  const change = (user: ApiUser, body: object) =>
    user.call('POST', '/me/password', { body, timeoutMs: 240_000 });

  test('of twenty concurrent changes of a password exactly one succeeds', async () => {
    const account = await register('changer');
    const user = await api.logIn(account);
    const next = (index: number): string => `another password ${index}`;
    const responses = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        change(user, { current_password: account.password, new_password: next(index) }),
      ),
    );
    const statuses = responses.map(({ status }) => status);
    assert.equal(statuses.filter((status) => status === 200).length, 1, String(statuses));
    assert.equal(statuses.filter((status) => status === 401).length, 19, String(statuses));
    const winner = statuses.indexOf(200);
    assert.equal((await logIn({ ...account, password: next(winner) }, OWNERS_ADDRESS)).status, 200);
    assert.equal((await logIn(account, OWNERS_ADDRESS)).status, 401);
  });

  test('a logged-in user can change the password while others guess; other devices are removed', async () => {
    const account = await register('careful');
    const here = (await logIn({ ...account, device_token: null }, '203.0.113.10')).as(sessionSchema);
    const other = (await logIn({ ...account, device_token: null }, '203.0.113.11')).as(sessionSchema);
    await attack(account.email);
    const response = await api.call('POST', '/me/password', {
      token: here.token,
      body: {
        current_password: account.password,
        new_password: 'another one altogether',
        device_token: here.device_token,
      },
      headers: { 'X-Forwarded-For': '203.0.113.10' },
    });
    assert.equal(response.as(sessionSchema).device_token, here.device_token);
    const again = { email: account.email, password: 'another one altogether' };
    const from = (token: string | undefined) =>
      logIn({ ...again, device_token: token ?? '' }, anotherAddress());
    assert.equal((await from(other.device_token)).status, 429);
    assert.equal((await logIn(again, '203.0.113.11')).status, 429);
    assert.equal((await from(here.device_token)).status, 200);
    assert.equal((await logIn(again, '203.0.113.10')).status, 200);
  });

  test('somebody with a session has ten guesses at its password', async () => {
    const user = await api.logIn(await register('left-open'));
    const body = { current_password: 'a wrong guess', new_password: 'another one altogether' };
    assert.equal((await change(user, body)).status, 401);
    await useUp(`user:${user.userId}`);
    assert.equal((await change(user, body)).status, 429);
    // the account itself is as open as before
    assert.equal((await logIn(user, anotherAddress())).status, 200);
  });
});
