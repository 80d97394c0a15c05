import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { type CallSender, handleCall, type IpcHandlers } from './ipcRouter.ts';

const PAGE: CallSender = { senderFrame: { url: 'app://reelmill/index.html', parent: null } };

function routing(own: Partial<IpcHandlers>) {
  const lines: string[] = [];
  const calls: { name: string; args: unknown }[] = [];
  const logger = createLogger({ level: 'info', name: 'test' }, { write: (line) => void lines.push(line) });
  // every other call is recorded; only those of a test return something of their kind
  const handlers = new Proxy(own, {
    get: (target, name: keyof IpcHandlers) =>
      target[name] ??
      (async (args: unknown) => {
        calls.push({ name, args });
      }),
  }) as IpcHandlers; // the proxy has a handler for every name
  return { options: { handlers, logger }, lines, calls };
}

test('passes validated arguments to the handler', async () => {
  const { options, calls } = routing({});
  const args = { serverUrl: ' https://a.example ', email: ' Ann@Example.com ', password: 'x' };
  assert.deepEqual(await handleCall(PAGE, 'session.signIn', args, options), { ok: true, value: undefined });
  assert.deepEqual(calls, [
    {
      name: 'session.signIn',
      args: { serverUrl: 'https://a.example', email: 'ann@example.com', password: 'x' },
    },
  ]);
});

test("rejects calls of anything but the app's own page", async () => {
  const { options, calls } = routing({});
  const strangers: CallSender[] = [
    { senderFrame: null },
    { senderFrame: { url: 'https://evil.example/app://reelmill', parent: null } },
    { senderFrame: { url: 'app://other/index.html', parent: null } },
    { senderFrame: { url: 'app://reelmill.evil/index.html', parent: null } },
    { senderFrame: { url: 'file:///tmp/index.html', parent: null } },
    { senderFrame: { url: 'about:blank', parent: null } },
    { senderFrame: { url: 'app://reelmill/index.html', parent: {} } },
  ];
  for (const stranger of strangers) {
    const reply = await handleCall(stranger, 'app.info', undefined, options);
    assert.ok(!reply.ok && reply.error.code === 'forbidden', JSON.stringify(stranger));
  }
  assert.deepEqual(calls, []);
});

test('rejects calls that are not in the contract', async () => {
  const { options, calls } = routing({});
  for (const name of ['app.nothing', '__proto__', 'constructor', 'toString', 7, null, ['app.info']]) {
    const reply = await handleCall(PAGE, name, undefined, options);
    assert.ok(!reply.ok && reply.error.code === 'not_found', String(name));
  }
  assert.deepEqual(calls, []);
});

test("rejects invalid arguments with the field's name", async () => {
  const { options, calls } = routing({});
  const reply = await handleCall(PAGE, 'queue.move', { id: '1', index: -1 }, options);
  assert.ok(!reply.ok);
  assert.equal(reply.error.code, 'validation_failed');
  assert.match(reply.error.message, /^index: /);
  const wrong: [string, unknown][] = [
    ['app.openLink', { url: 'file:///etc/passwd' }],
    ['app.openLink', { url: 'javascript:alert(1)' }],
    ['app.info', { surprise: true }],
    ['queue.add', { paths: [] }],
    ['queue.pause', undefined],
    ['settings.set', { fileConcurrency: 100 }],
  ];
  for (const [name, args] of wrong) {
    const refused = await handleCall(PAGE, name, args, options);
    assert.ok(!refused.ok && refused.error.code === 'validation_failed', name);
  }
  assert.deepEqual(calls, []);
});

test('keeps the code of an error; logs an unexpected one and hides it from the page', async () => {
  const { options, lines } = routing({
    'session.get': async () => {
      throw new ReelmillError('unauthorized', 'Sign in again.');
    },
    'queue.list': async () => {
      throw new Error('row 7 of /home/ann is odd');
    },
  });
  assert.deepEqual(await handleCall(PAGE, 'session.get', undefined, options), {
    ok: false,
    error: { code: 'unauthorized', message: 'Sign in again.' },
  });
  assert.equal(lines.length, 0);
  const odd = await handleCall(PAGE, 'queue.list', undefined, options);
  assert.ok(!odd.ok && odd.error.code === 'internal');
  assert.ok(!odd.error.message.includes('/home/ann'));
  assert.ok(lines.some((line) => line.includes('row 7')));
});

test('passes Retry-After to the page', async () => {
  const { options } = routing({
    'session.signIn': async () => {
      throw new ReelmillError('rate_limited', 'Too many failed logins.', { retryAfterSeconds: 40 });
    },
  });
  const args = { serverUrl: 'https://a.example', email: 'ann@example.com', password: 'x' };
  assert.deepEqual(await handleCall(PAGE, 'session.signIn', args, options), {
    ok: false,
    error: { code: 'rate_limited', message: 'Too many failed logins.', retryAfterSeconds: 40 },
  });
});
