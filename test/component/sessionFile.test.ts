import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/processes.ts';

const PROCESSES = 8;
const ROUNDS = 4;
const PROGRAM = path.resolve(import.meta.dirname, '../support/sessionLockProcess.ts');

let folder: TemporaryFolder;
const started: ChildProcess[] = [];
before(async () => {
  folder = await makeTemporaryFolder('session-lock');
});
after(async () => {
  for (const child of started) child.kill('SIGKILL');
  await folder.remove();
});

async function start(sessionFile: string, counterFile: string): Promise<ChildProcess> {
  const child = fork(PROGRAM, [sessionFile, counterFile]);
  started.push(child);
  await once(child, 'message');
  return child;
}

async function tell(child: ChildProcess, what: 'count' | 'hold'): Promise<void> {
  const done = once(child, 'message');
  child.send(what);
  await done;
}

test('one process at a time has the session, also where its holder was killed', {
  timeout: 120_000,
}, async () => {
  const sessionFile = path.join(folder.path, 'session.json');
  const counterFile = path.join(folder.path, 'counter');
  await writeFile(counterFile, '0');
  const children = await Promise.all(
    Array.from({ length: PROCESSES }, () => start(sessionFile, counterFile)),
  );
  for (let round = 0; round < ROUNDS; round += 1) {
    const holder = await start(sessionFile, counterFile);
    await tell(holder, 'hold');
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    // whatever it left behind is old
    for (const name of await readdir(folder.path)) await utimes(path.join(folder.path, name), 1, 1);
    await Promise.all(children.map((child) => tell(child, 'count')));
  }
  assert.equal(Number(await readFile(counterFile, 'utf8')), PROCESSES * ROUNDS);
});
