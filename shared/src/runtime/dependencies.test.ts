import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DependencyLog, reasonOf, waitForDependency } from './dependencies.ts';
import { ReelmillError } from './errors.ts';
import { createLogger } from './logger.ts';

function logInto(lines: string[]): DependencyLog {
  return new DependencyLog(
    createLogger({ level: 'info', name: 'test' }, { write: (line) => lines.push(line) }),
  );
}

test('waits while the dependency is away, with one line for each change and no stack', async () => {
  const lines: string[] = [];
  let calls = 0;
  const opened = await waitForDependency(
    'store',
    async () => {
      calls += 1;
      if (calls < 3) throw new ReelmillError('unavailable', `not there (${calls})`);
      return 'open';
    },
    { signal: new AbortController().signal, log: logInto(lines) },
  );
  assert.deepEqual([opened, calls], ['open', 3]);
  const entries = lines.map((line) => JSON.parse(line));
  assert.deepEqual(
    entries.map(({ msg, dependency, reason }) => [msg, dependency, reason]),
    [
      ['dependency down', 'store', 'not there (1)'],
      ['dependency up', 'store', undefined],
    ],
  );
  assert.ok(lines.every((line) => !line.includes('dependencies.test.ts')));
});

test('a dependency that is there at once is not worth a line', async () => {
  const lines: string[] = [];
  await waitForDependency('store', async () => 1, {
    signal: new AbortController().signal,
    log: logInto(lines),
  });
  assert.deepEqual(lines, []);
});

test('any other error ends the wait', async () => {
  let calls = 0;
  const refuse = async () => {
    calls += 1;
    throw new TypeError('wrong');
  };
  const { signal } = new AbortController();
  await assert.rejects(waitForDependency('store', refuse, { signal }), TypeError);
  assert.equal(calls, 1);
});

test('an abort ends the wait', async () => {
  const stopping = new AbortController();
  const away = async () => {
    setImmediate(() => stopping.abort());
    throw new ReelmillError('unavailable', 'away');
  };
  await assert.rejects(waitForDependency('store', away, { signal: stopping.signal }), { name: 'AbortError' });
});

test('the reason of an error without a message is its code', () => {
  assert.equal(reasonOf(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })), 'ECONNREFUSED');
  assert.equal(reasonOf('text'), 'text');
});
