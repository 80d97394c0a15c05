import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import { startPolling } from './polling.ts';

class Page extends EventTarget {
  visibilityState: DocumentVisibilityState = 'visible';

  turn(state: DocumentVisibilityState): void {
    this.visibilityState = state;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

/** Lets what has been resolved be followed up. */
const nextTick = () => new Promise((resolve) => setImmediate(resolve));

describe('polling', () => {
  test('starts at once, pauses after each call, and ends', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const work = mock.fn(async () => undefined);
    const stop = startPolling(work, { pauseMs: 1_000, page: new Page() });
    await nextTick();
    assert.equal(work.mock.callCount(), 1);
    context.mock.timers.tick(999);
    assert.equal(work.mock.callCount(), 1);
    context.mock.timers.tick(1);
    assert.equal(work.mock.callCount(), 2);
    await nextTick();
    stop();
    context.mock.timers.tick(10_000);
    assert.equal(work.mock.callCount(), 2);
  });

  test('waits first where that is requested', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const work = mock.fn(async () => undefined);
    const stop = startPolling(work, { pauseMs: 1_000, atOnce: false, page: new Page() });
    context.mock.timers.tick(999);
    assert.equal(work.mock.callCount(), 0);
    context.mock.timers.tick(1);
    assert.equal(work.mock.callCount(), 1);
    stop();
  });

  test('pauses while the window is hidden, and continues at once when it is shown', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const work = mock.fn(async () => undefined);
    const page = new Page();
    const stop = startPolling(work, { pauseMs: 1_000, page });
    await nextTick();
    page.turn('hidden');
    context.mock.timers.tick(5_000);
    assert.equal(work.mock.callCount(), 1);
    page.turn('visible');
    assert.equal(work.mock.callCount(), 2);
    await nextTick();
    context.mock.timers.tick(1_000);
    assert.equal(work.mock.callCount(), 3);
    stop();
  });

  test('never runs twice at a time, continues after a failure, and aborts the work at the end', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const page = new Page();
    const running: Array<PromiseWithResolvers<void>> = [];
    let signal: AbortSignal | undefined;
    const work = mock.fn((given: AbortSignal) => {
      signal = given;
      const one = Promise.withResolvers<void>();
      running.push(one);
      return one.promise;
    });
    const stop = startPolling(work, { pauseMs: 1_000, page });
    page.turn('visible');
    assert.equal(work.mock.callCount(), 1);
    running[0]?.reject(new Error('offline'));
    await nextTick();
    context.mock.timers.tick(1_000);
    assert.equal(work.mock.callCount(), 2);
    stop();
    assert.equal(signal?.aborted, true);
    running[1]?.resolve();
    await nextTick();
    context.mock.timers.tick(5_000);
    assert.equal(work.mock.callCount(), 2);
  });
});
