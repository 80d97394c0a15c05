import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { SYSTEM_ACTOR } from '@reelmill/server/audit/auditLog.ts';
import { checkCredentials } from '@reelmill/server/auth/accounts.ts';
import { videoSchema } from '@reelmill/shared/contracts/videos.ts';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { QueryTypes, type Sequelize } from 'sequelize';
import { serializeUser } from '../../server/src/auth/serializeUser.ts';
import { findEncodeProgress, findSources, listVideos } from '../../server/src/catalog/videoRepository.ts';
import { findWaiting } from '../../server/src/catalog/waiting.ts';
import { deriveSecrets } from '../../server/src/context/secrets.ts';
import { connect, openDatabase } from '../../server/src/db/database.ts';
import { MIGRATIONS, type Migration, migrate, SchemaTooNewError } from '../../server/src/db/migrate.ts';
import type { Models } from '../../server/src/db/models.ts';
import { FIXTURE, insertFixture, insertUnlisted } from '../support/schemaFixture.ts';
import type { RepositoryContract } from './repositories.ts';

const logger = createLogger({ level: 'silent', name: 'test' });

/** What an upgrade has to do on every database: bring each earlier schema, with its rows, to the newest. */
export function describeSchema({ name, replicas, create }: RepositoryContract): void {
  describe(`schema on ${name}`, () => {
    let created: Awaited<ReturnType<typeof create>>;
    beforeEach(async () => {
      created = await create();
    });
    afterEach(() => created?.dispose());

    /** A database as a version left it that knew so many migrations, with rows. */
    const buildOld = async (known: number): Promise<void> => {
      const sequelize = await connect(created.location);
      try {
        await migrate(sequelize, logger, MIGRATIONS.slice(0, known));
        await insertFixture(sequelize);
      } finally {
        await sequelize.close();
      }
    };
    const namesOf = async (sequelize: Sequelize): Promise<string[]> => {
      const rows = await sequelize.query<{ name: string }>('SELECT name FROM migrations ORDER BY name', {
        type: QueryTypes.SELECT,
      });
      return rows.map((row) => row.name);
    };
    const all = MIGRATIONS.map((migration) => migration.name);

    test('migrations are in the order of their names', () => {
      assert.deepEqual([...all].sort(), all);
    });

    for (let known = 1; known < MIGRATIONS.length; known += 1) {
      test(`a database of ${MIGRATIONS[known - 1]?.name} is brought up to date with everything in it`, async () => {
        await buildOld(known);
        const databases = await Promise.all(
          Array.from({ length: replicas }, () => openDatabase(created.location, logger)),
        );
        try {
          for (const database of databases) {
            await checkFixture(database);
            // a version that has links gives them to its videos itself
            if ((MIGRATIONS[known - 1]?.name ?? '') < '0009') await checkLinks(database.models);
          }
        } finally {
          await Promise.all(databases.map((database) => database.close()));
        }
      });
    }

    test('every one of many unlisted videos gets a token of its own', async () => {
      const count = 1_201;
      const sequelize = await connect(created.location);
      try {
        await migrate(
          sequelize,
          logger,
          MIGRATIONS.filter(({ name: known }) => known < '0009'),
        );
        await insertFixture(sequelize);
        await insertUnlisted(sequelize, count);
      } finally {
        await sequelize.close();
      }
      const database = await openDatabase(created.location, logger);
      try {
        const rows = await database.models.Video.findAll({ where: { visibility: 'unlisted' } });
        // the fixture has one as well
        assert.equal(new Set(rows.flatMap(({ linkToken }) => linkToken ?? [])).size, count + 1);
        assert.ok(rows.every(({ legacyLinkSince }) => legacyLinkSince !== null));
      } finally {
        await database.close();
      }
    });

    test('an upgrade that dies at any step goes on at the next start', async () => {
      const sequelize = await connect(created.location);
      try {
        await migrate(sequelize, logger, MIGRATIONS.slice(0, 1));
        await insertFixture(sequelize);
        for (let step = 1; ; step += 1) {
          const budget = { steps: step };
          const dying = MIGRATIONS.map((migration) => dieAfter(migration, budget));
          const outcome = await migrate(sequelize, logger, dying).then(
            () => 'done',
            (error: unknown) => (isPulledPlug(error) ? 'died' : Promise.reject(error)),
          );
          if (outcome === 'done') break;
          assert.ok(step < 500, 'it never comes to an end');
        }
        assert.deepEqual(await namesOf(sequelize), all);
      } finally {
        await sequelize.close();
      }
      const database = await openDatabase(created.location, logger);
      try {
        await checkFixture(database);
        await checkLinks(database.models);
      } finally {
        await database.close();
      }
    });

    test('so does the very first one', async () => {
      const sequelize = await connect(created.location);
      try {
        for (let step = 1; step < 500; step += 1) {
          const budget = { steps: step };
          const dying = MIGRATIONS.map((migration) => dieAfter(migration, budget));
          const outcome = await migrate(sequelize, logger, dying).then(
            () => 'done',
            (error: unknown) => (isPulledPlug(error) ? 'died' : Promise.reject(error)),
          );
          if (outcome === 'done') break;
        }
        assert.deepEqual(await namesOf(sequelize), all);
        await insertFixture(sequelize);
      } finally {
        await sequelize.close();
      }
    });

    test('a database that a newer version has upgraded is refused, in plain words, and not touched', async () => {
      const next: Migration = {
        name: '9999-hovercraft',
        up: async (schema) => {
          await schema.createTable('eels', { id: { type: 'INTEGER', primaryKey: true } });
        },
      };
      const sequelize = await connect(created.location);
      try {
        // the newer version left one of ours out: it must not be applied behind its back
        await migrate(sequelize, logger, [...MIGRATIONS.slice(0, -1), next]);
        const before = await namesOf(sequelize);
        await assert.rejects(openDatabase(created.location, logger), (error) => {
          assert.ok(error instanceof SchemaTooNewError);
          assert.match(error.message, /newer version of Reelmill \(9999-hovercraft\)/);
          return true;
        });
        assert.deepEqual(await namesOf(sequelize), before);
      } finally {
        await sequelize.close();
      }
    });
  });
}

class PulledPlug extends Error {}

const isPulledPlug = (error: unknown): boolean =>
  error instanceof Error && (error instanceof PulledPlug || error.cause instanceof PulledPlug);

/** What changes a database. */
const STEPS: ReadonlySet<PropertyKey> = new Set([
  'createTable',
  'addColumn',
  'addIndex',
  'query',
  'bulkInsert',
]);

/** The migration with a schema whose calls succeed until there are `budget.steps` of them. */
function dieAfter(migration: Migration, budget: { steps: number }): Migration {
  const count = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(object, property) {
        const value: unknown = Reflect.get(object, property);
        if (property === 'sequelize') return count(value as Sequelize); // what that property of a QueryInterface is
        if (typeof value !== 'function') return value;
        if (!STEPS.has(property)) return value.bind(object);
        return async (...args: unknown[]) => {
          if (budget.steps === 0) throw new PulledPlug();
          budget.steps -= 1;
          return Reflect.apply(value, object, args);
        };
      },
    });
  return { name: migration.name, up: (schema) => migration.up(count(schema)) };
}

/** Everything that was in the old database is there, and the models read it. */
async function checkFixture(database: Awaited<ReturnType<typeof openDatabase>>): Promise<void> {
  const { models } = database;
  const secrets = deriveSecrets('a secret that is long enough for this');
  const { user } = await checkCredentials({ database, logger, secrets }, FIXTURE.user, SYSTEM_ACTOR);
  assert.equal(serializeUser(user).nickname, FIXTURE.user.nickname);
  assert.equal(await models.RefreshToken.count({ where: { userId: user.id, usedAt: null } }), 1);
  const { rows } = await listVideos(models, user.id, { limit: 10, offset: 0, sort: 'oldest' });
  assert.deepEqual(
    rows.map(({ id, status, title, progress }) => [id, status, title, progress]),
    FIXTURE.videos.map(({ id, status, title, progress }) => [id, status, title, progress]),
  );
  const [online, transcoding, uploading] = rows;
  assert.ok(online && transcoding && uploading);
  assert.equal(Number(online.sizeBytes), 5_497_558_138_880);
  assert.equal(online.onlineAt?.toISOString(), '2026-02-03T04:05:06.789Z');
  assert.deepEqual([online.sourceRemovedAt, online.deletedAt], [null, null]);
  assert.ok(videoSchema.shape.status.parse(online.status));
  const full = await models.Video.findByPk(transcoding.id, { rejectOnEmpty: true });
  assert.equal(full.plan?.version, 2);
  assert.equal(full.plan.chunks.length, 1);
  const sources = (await findSources(models, [online.id])).get(online.id);
  assert.deepEqual(
    sources?.map(({ quality, key }) => [quality, key]),
    [['720p', `processed/${online.id}/hls_720p/720p.m3u8`]],
  );
  const progress = (await findEncodeProgress(models, [transcoding])).get(transcoding.id);
  assert.deepEqual([progress?.unitsDone, progress?.unitsTotal], [40, 100]);
  const tasks = await models.Task.findAll({ where: { videoId: transcoding.id }, order: ['position'] });
  assert.deepEqual(
    tasks.map(({ kind, state, spec }) => [kind, state, spec.kind]),
    [
      ['inspect', 'done', 'inspect'],
      ['encode', 'running', 'inspect'],
    ],
  );
  const upload = await models.Upload.findByPk(uploading.id, { rejectOnEmpty: true });
  assert.deepEqual([Number(upload.sizeBytes), upload.partCount], [6_000_000_000, 358]);
  const { fingerprint } = await models.Video.findByPk(uploading.id, { rejectOnEmpty: true });
  assert.equal(fingerprint, upload.fingerprint);
  assert.equal(await models.Worker.count(), 1);
  assert.deepEqual(
    tasks.map((task) => [
      task.farmFaults,
      task.damagedTries,
      task.declines,
      task.verdicts,
      task.waitingSince,
      task.failedWorkerId,
    ]),
    tasks.map(() => [0, 0, 0, null, null, null]),
  );
  assert.ok(rows.every(({ notices }) => notices === null));
  // and what is new works on what is old
  await online.update({ sourceRemovedAt: new Date() });
  await online.update({ sourceRemovedAt: null });
  const [, encode] = tasks;
  const verdicts = [{ code: 'undecodable', workerId: 'worker 🎬' }] as const;
  await encode?.update({ verdicts, waitingSince: new Date(), farmFaults: 3, state: 'pending' });
  assert.deepEqual((await encode?.reload())?.verdicts, verdicts);
  const waiting = (await findWaiting(models, [transcoding], new Date())).get(transcoding.id);
  assert.equal(waiting?.reason_code, 'worker');
  await encode?.update({ verdicts: null, waitingSince: null, farmFaults: 0, state: 'running' });
}

/** What was unlisted has a token and the time of the upgrade; every other link goes on as it was. */
async function checkLinks(models: Models): Promise<void> {
  const rows = await models.Video.findAll({ order: ['id'] });
  assert.deepEqual(
    rows.map(({ id, visibility, linkVersion }) => [id, visibility, linkVersion]),
    [
      [1, 'private', 0],
      [2, 'private', 0],
      [3, 'private', 0],
      [4, 'unlisted', 0],
      [5, 'public', 0],
    ],
  );
  for (const { visibility, linkToken, legacyLinkSince, updatedAt } of rows) {
    if (visibility !== 'unlisted') assert.deepEqual([linkToken, legacyLinkSince], [null, null]);
    else {
      assert.equal(updatedAt.toISOString(), '2026-02-03T04:05:06.789Z', 'an upgrade is no change of a video');
      assert.match(linkToken ?? '', /^[\w-]{24}$/);
      const age = Date.now() - (legacyLinkSince?.getTime() ?? 0);
      assert.ok(age >= 0 && age < 600_000, `it was upgraded ${age} ms ago`);
    }
  }
}
