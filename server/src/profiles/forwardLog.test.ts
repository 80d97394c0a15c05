import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { forwardLog } from './forwardLog.ts';

/** Returns what the server's logger writes for the output of a child, which arrives in these pieces. */
async function forward(pieces: readonly (string | Buffer)[]): Promise<Record<string, unknown>[]> {
  const lines: string[] = [];
  const logger = createLogger({ level: 'debug', name: 'server' }, { write: (line) => lines.push(line) });
  const stream = new PassThrough();
  forwardLog(stream, logger);
  for (const piece of pieces) stream.write(piece);
  stream.end();
  await once(stream, 'end');
  return lines.map((line) => JSON.parse(line));
}

const entry = (msg: string) =>
  `${JSON.stringify({ level: 'warn', time: 'then', pid: 7, hostname: 'h', name: 'worker', task_id: 3, msg })}\n`;

test('forwards the lines of a logger with their level and fields', async () => {
  const bytes = Buffer.from(`${entry('first ü')}${entry('second')}`);
  const middle = bytes.indexOf('ü') + 1;
  const logged = await forward([bytes.subarray(0, middle), bytes.subarray(middle)]);
  assert.deepEqual(
    logged.map(({ level, name, msg, task_id, worker_pid }) => [level, name, msg, task_id, worker_pid]),
    [
      ['warn', 'server', 'first ü', 3, 7],
      ['warn', 'server', 'second', 3, 7],
    ],
  );
  assert.notEqual(logged[0]?.time, 'then');
});

test('logs anything else as a warning, also a last line without a line break', async () => {
  const logged = await forward(['FATAL ERROR: heap\n\n', '{"level":"loud"}\n', 'cut o', 'ff']);
  assert.deepEqual(
    logged.map(({ level, line }) => [level, line]),
    [
      ['warn', 'FATAL ERROR: heap'],
      ['warn', '{"level":"loud"}'],
      ['warn', 'cut off'],
    ],
  );
});

test('truncates an endless line', async () => {
  const piece = 'x'.repeat(100_000);
  const logged = await forward([...Array.from({ length: 50 }, () => piece), `\n${entry('after it')}`]);
  assert.equal(logged.length, 2);
  assert.equal(String(logged[0]?.line).length, 65_536);
  assert.equal(logged[1]?.msg, 'after it');
});
