import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { DeadLetter, Farm } from '@reelmill/shared/contracts/admin.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { FakeBridge } from '../../../../test/support/fakeBridge.ts';
import { makeFarm } from '../../../../test/support/farmFacts.ts';
import { createFarmStore, type FarmStore } from './farmStore.ts';

const LETTER: DeadLetter = { id: 'a', queue: 'tasks', reason: 'no such kind', died_at: null, body: '{}' };
const withDone = (done: number): Partial<Farm> => ({ tasks: { ...makeFarm().tasks, done } });
const withDead = (dead_letters: number): Partial<Farm> => ({
  queue: { ready: 0, consumers: 1, dead_letters },
});

describe('the farm store', () => {
  let bridge: FakeBridge;
  let uninstall: () => void;
  let store: FarmStore;
  let now: number;

  beforeEach(() => {
    bridge = new FakeBridge();
    uninstall = bridge.install();
    now = 0;
    store = createFarmStore(() => now);
  });
  afterEach(() => {
    assert.deepEqual(bridge.calls, [], 'every call was expected');
    uninstall();
  });

  const state = () => store.getState();
  async function refresh(facts: Partial<Farm> = {}): Promise<void> {
    void state().refresh();
    await bridge.take('farm.get').reply(makeFarm(facts));
  }

  test('remembers when the last response arrived', async () => {
    await refresh(withDone(10));
    now = 60_000;
    await refresh(withDone(16));
    assert.deepEqual([state().farm?.tasks.done, state().seenAt], [16, 60_000]);
  });

  test('keeps the last response where the next call fails, with the reason', async () => {
    await refresh(withDone(10));
    void state().refresh();
    await bridge.take('farm.get').refuse(new ReelmillError('network', 'No connection.'));
    const { failure } = state();
    assert.ok(failure instanceof ReelmillError);
    assert.equal(failure.code, 'network');
    assert.equal(state().farm?.tasks.done, 10);
    await refresh();
    assert.equal(state().failure, null);
  });

  test('loads dead letters only when their number changes', async () => {
    await refresh();
    assert.deepEqual(state().deadLetters, []);
    await refresh(withDead(40));
    await bridge.take('farm.deadLetters').reply({ dead_letters: [LETTER] });
    assert.deepEqual(state().deadLetters, [LETTER]);
    await refresh(withDead(40));
    await refresh({ queue: null });
    assert.deepEqual(state().deadLetters, [LETTER]);
    await refresh(withDead(0));
    assert.deepEqual(state().deadLetters, []);
  });

  test('replays dead letters, and reloads the rest', async () => {
    await refresh(withDead(1));
    await bridge.take('farm.deadLetters').reply({ dead_letters: [LETTER] });
    const replaying = state().replay();
    await bridge.take('farm.replay').reply({ replayed: 1 });
    await bridge.take('farm.get').reply(makeFarm(withDead(1)));
    await bridge.take('farm.deadLetters').reply({ dead_letters: [{ ...LETTER, id: 'b' }] });
    assert.equal(await replaying, 1);
    assert.equal(state().deadLetters?.[0]?.id, 'b');
  });

  test('ignores a response after polling has ended', async () => {
    const watching = new AbortController();
    void state().refresh(watching.signal);
    watching.abort();
    await bridge.take('farm.get').reply(makeFarm(withDone(10)));
    assert.equal(state().farm, null);
  });
});
