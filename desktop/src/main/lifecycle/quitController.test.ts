import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { QuitController, type QuitPorts } from './quitController.ts';

function app(own: Partial<QuitPorts> = {}) {
  const events: string[] = [];
  const quitting = new QuitController({
    uploadsRunning: () => true,
    confirm: async () => {
      events.push('asked');
      return true;
    },
    close: async () => void events.push('closed'),
    exit: (code) => void events.push(`exit ${code}`),
    logger: createLogger({ level: 'silent', name: 'test' }),
    ...own,
  });
  return { quitting, events };
}

test('asks while uploads run, then closes everything before the process ends', async () => {
  const { quitting, events } = app();
  await quitting.request({ ask: true });
  assert.deepEqual(events, ['asked', 'closed', 'exit 0']);
  assert.ok(quitting.isClosed);
});

test('asks again after the user kept the app running', async () => {
  const results = [false, true];
  const { quitting, events } = app({ confirm: async () => results.shift() ?? true });
  await quitting.request({ ask: true });
  assert.deepEqual(events, []);
  assert.equal(quitting.isLeaving, false);
  await quitting.request({ ask: true });
  assert.deepEqual(events, ['closed', 'exit 0']);
});

test('does not ask without uploads, nor when the system shuts down', async () => {
  const idle = app({ uploadsRunning: () => false });
  await idle.quitting.request({ ask: true });
  assert.deepEqual(idle.events, ['closed', 'exit 0']);
  const ended = app();
  await ended.quitting.request({ ask: false });
  assert.deepEqual(ended.events, ['closed', 'exit 0']);
});

test('does not ask twice, and a signal does not wait for the reply', async () => {
  const reply = Promise.withResolvers<boolean>();
  let asked = 0;
  const { quitting, events } = app({
    confirm: () => {
      asked += 1;
      return reply.promise;
    },
  });
  const first = quitting.request({ ask: true });
  await quitting.request({ ask: true });
  assert.equal(asked, 1);
  await quitting.request({ ask: false });
  assert.deepEqual(events, ['closed', 'exit 0']);
  reply.resolve(true);
  await first;
  assert.deepEqual(events, ['closed', 'exit 0']);
});

test('exits with a failure where closing fails or takes too long', async () => {
  const failing = app({ close: () => Promise.reject(new Error('stuck')) });
  await failing.quitting.request({ ask: false });
  assert.deepEqual(failing.events, ['exit 1']);
  const endless = app({ close: () => new Promise(() => undefined), closeWithinMs: 20 });
  await endless.quitting.request({ ask: false });
  assert.deepEqual(endless.events, ['exit 1']);
});

test('lets an update end the process after everything is closed', async () => {
  const { quitting, events } = app();
  await quitting.request({ ask: true, leave: () => void events.push(`installs, ${quitting.isClosed}`) });
  assert.deepEqual(events, ['asked', 'closed', 'installs, true']);
});
