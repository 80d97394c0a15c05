import { readdir } from 'node:fs/promises';
import { createLogger } from '@reelmill/shared/runtime/logger.ts';
import { Op } from 'sequelize';
import { FarmSignals } from '../../server/src/context/farmSignals.ts';
import { RETENTION_JOBS } from '../../server/src/maintenance/registry.ts';
import { readCommandLine } from '../support/childProcesses.ts';
import { findMarkedProcesses } from './markedProcesses.ts';
import type { Violations } from './violations.ts';
import type { Remains } from './world.ts';

/** The clean-up touches nothing that is younger than a day. */
const LATER_MS = 2 * 24 * 3_600_000;
const MAX_NAMED = 8;

/** Runs every clean-up job that runs by itself as if two days had passed. */
export async function cleanUp({ database, store, config }: Remains): Promise<void> {
  const logger = createLogger({ level: 'silent', name: 'chaos' });
  const context = { database, store, config, logger, signals: new FarmSignals() };
  await database.models.Video.update(
    { purgeAfter: new Date() },
    { where: { deletedAt: { [Op.not]: null } }, silent: true },
  );
  for (const job of Object.values(RETENTION_JOBS).filter((one) => one.isScheduled(config))) {
    for (let position: number | null = 0; position !== null; ) {
      const page = await job.find(context, { position, now: new Date(Date.now() + LATER_MS) });
      for (const candidate of page.candidates) await candidate.remove();
      position = page.nextPosition;
    }
  }
}

/** The bucket holds exactly what is published, and the sources. */
export async function checkObjects(
  { store }: Remains,
  expectedKeys: ReadonlySet<string>,
  violations: Violations,
): Promise<void> {
  const found = new Set<string>();
  for await (const { key } of store.list('')) found.add(key);
  const extra = [...found].filter((key) => !expectedKeys.has(key)).sort();
  const missing = [...expectedKeys].filter((key) => !found.has(key));
  if (extra.length > 0) violations.add('objects left behind', nameSome(extra));
  if (missing.length > 0) violations.add('objects missing', nameSome(missing));
  const open: string[] = [];
  for await (const { key } of store.listUploads()) open.push(key);
  if (open.length > 0) violations.add('open uploads in the store', nameSome(open));
}

/** No row says that something is still to be done. */
export async function checkRows({ database: { models } }: Remains, violations: Violations): Promise<void> {
  const check = async (name: string, rows: Promise<object[]>): Promise<void> => {
    const list = await rows;
    if (list.length > 0)
      violations.add('rows left behind', `${name}: ${nameSome(list.map((row) => JSON.stringify(row)))}`);
  };
  await check(
    'open tasks',
    models.Task.findAll({
      attributes: ['id', 'videoId', 'kind', 'state', 'attempt', 'leaseExpiresAt', 'availableAt', 'errorCode'],
      where: { state: ['pending', 'queued', 'running'] },
    }),
  );
  await check(
    'videos that are neither here nor there',
    models.Video.findAll({
      attributes: ['id', 'title', 'status', 'phase'],
      where: { deletedAt: null, status: ['uploading', 'transcoding'] },
    }),
  );
  await check('open uploads', models.Upload.findAll({ attributes: ['videoId', 'createdAt'] }));
  await check(
    'webhooks that were not delivered',
    models.WebhookDelivery.findAll({
      attributes: ['id', 'videoId', 'type', 'state', 'attempts', 'nextAttemptAt', 'error'],
      where: { state: { [Op.ne]: 'delivered' } },
    }),
  );
}

export async function checkScratch(folders: readonly string[], violations: Violations): Promise<void> {
  for (const folder of folders) {
    // the health file stays until the next start
    const left = (await readdir(folder, { recursive: true })).filter(
      (name) => !/^(health\.json|\.filler)$/.test(name),
    );
    if (left.length > 0) violations.add('scratch left behind', `${folder}: ${nameSome(left)}`);
  }
}

/** Nothing that was started runs any more. */
export async function checkProcesses(mark: string, violations: Violations): Promise<void> {
  const pids = await findMarkedProcesses(mark);
  const left = await Promise.all(
    pids.map(async (pid) => `${pid} ${(await readCommandLine(pid)).replaceAll('\n', ' ').slice(0, 200)}`),
  );
  if (left.length > 0) violations.add('processes left behind', nameSome(left));
}

function nameSome(names: readonly string[]): string {
  const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '';
  return `${names.slice(0, MAX_NAMED).join(', ')}${more}`;
}
