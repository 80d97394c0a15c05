import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { AccountApi } from '../engine/api/accountApi.ts';
import type { HttpTransport } from '../engine/ports/ports.ts';
import { DeviceFile } from './deviceFile.ts';

const SERVER = 'https://videos.example.org';
let folder: string;
let file: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'device-file-'));
  file = path.join(folder, 'devices.json');
});
after(() => rm(folder, { recursive: true, force: true }));

test('sends the device token of the account with a login', async () => {
  const sent: unknown[] = [];
  const transport: HttpTransport = {
    put: () => assert.fail('nothing is uploaded'),
    request: async ({ body }) => {
      const { email, device_token } = JSON.parse(String(body)) as { email: string; device_token: unknown }; // sent below
      sent.push([email, device_token]);
      const user = {
        user_id: 1,
        nickname: 'n',
        email,
        role: 'creator',
        created_at: new Date().toISOString(),
      };
      const session = {
        token: 't',
        refresh_token: 'r',
        expires_in: 900,
        user,
        device_token: `device of ${email}`,
      };
      return { status: 200, headers: {}, body: JSON.stringify(session) };
    },
  };
  const logIn = (email: string) =>
    new AccountApi(transport, new DeviceFile(file)).logIn(
      SERVER,
      { email, password: 'x' },
      new AbortController().signal,
    );
  await logIn('ann@example.org');
  await logIn('bob@example.org');
  await logIn('ann@example.org');
  assert.deepEqual(sent, [
    ['ann@example.org', null],
    ['bob@example.org', null],
    ['ann@example.org', 'device of ann@example.org'],
  ]);
  if (process.platform !== 'win32') assert.equal((await stat(file)).mode & 0o777, 0o600);
});

test('keeps the tokens of the last twenty accounts, and ignores a damaged file', async () => {
  const devices = new DeviceFile(file);
  const account = (index: number) => ({ serverUrl: SERVER, email: `n${index}@example.org` });
  for (let index = 0; index < 22; index += 1) await devices.save(account(index), `token ${index}`);
  assert.equal(await devices.load(account(1)), null);
  assert.equal(await devices.load(account(2)), 'token 2');
  assert.equal(await devices.load({ ...account(2), serverUrl: 'https://elsewhere.example.org' }), null);
  await writeFile(file, '{');
  assert.equal(await devices.load(account(2)), null);
  await devices.save(account(2), 'another');
  assert.equal(await devices.load(account(2)), 'another');
});
