import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { createConnection } from 'mysql2/promise';
import { isConnectionLoss } from '../../server/src/db/connectionLoss.ts';
import { type Database, openDatabase } from '../../server/src/db/database.ts';
import { type MariaDb, startMariaDb } from '../support/mariadb.ts';
import { waitFor } from '../support/processes.ts';

const QUERY_LIMIT_MS = 1_500;
const LONGEST_MS = 20_000;

let mariaDb: MariaDb;
let database: Database;

before(async () => {
  mariaDb = await startMariaDb();
  const connection = await createConnection(mariaDb.url);
  await connection.query('CREATE DATABASE hung CHARACTER SET utf8mb4');
  await connection.end();
  const logger = createLogger({ level: 'silent', name: 'test' });
  database = await openDatabase({ url: `${mariaDb.url}/hung` }, logger, { queryLimitMs: QUERY_LIMIT_MS });
});
after(async () => {
  process.kill(mariaDb.pid, 'SIGCONT');
  await database?.close();
  await mariaDb?.dispose();
});

/** What becomes of some work within a time that is far longer than the limit. */
async function failureOf(work: Promise<unknown>): Promise<unknown> {
  const late = new Promise((resolve) => setTimeout(resolve, LONGEST_MS, 'still waiting').unref());
  return Promise.race([
    work.then(
      () => 'succeeded',
      (error: unknown) => error,
    ),
    late,
  ]);
}

const countAll = (): Promise<number> => database.models.Video.count();

test('queries of a database that hangs fail as unavailable, and recover with it', async () => {
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { promise: suspended, resolve: suspend } = Promise.withResolvers<void>();
  const inTransaction = database.transaction(async (transaction) => {
    await database.models.User.count({ transaction });
    begin();
    await suspended;
    await database.models.User.count({ transaction });
  });
  await begun;
  await Promise.all([countAll(), countAll(), database.check()]);
  process.kill(mariaDb.pid, 'SIGSTOP');
  suspend();
  const works = [inTransaction, database.check(), database.now(), countAll()];
  for (const failure of await Promise.all(works.map(failureOf))) {
    assert.ok(isConnectionLoss(failure), String(failure));
  }

  process.kill(mariaDb.pid, 'SIGCONT');
  await waitFor('the database can be used', () =>
    countAll().then(
      () => true,
      () => false,
    ),
  );
  // more than the pool has connections: none of those that hung is among them
  assert.deepEqual(new Set(await Promise.all(Array.from({ length: 30 }, countAll))), new Set([0]));
});

test('queries below the limit succeed, however many there are', async () => {
  const sequelize = database.models.Video.sequelize;
  assert.ok(sequelize);
  for (let round = 0; round < 2; round += 1) await sequelize.query('SELECT SLEEP(1)');
  const slow = await failureOf(sequelize.query('SELECT SLEEP(30)'));
  assert.ok(isConnectionLoss(slow), String(slow));
  assert.equal(await countAll(), 0);
});
