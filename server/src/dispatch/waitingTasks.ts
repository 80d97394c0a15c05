import { QueryTypes, type Sequelize } from 'sequelize';
import { z } from 'zod';
import type { ProcessingConfig } from '../context/farmContext.ts';
import type { Models } from '../db/models.ts';
import { countInFlight, type InFlight } from '../users/inFlight.ts';
import { processingLimitsOf, sumDay, sumPlanned } from '../users/processingLimits.ts';
import type { WaitingTask } from './fairSelection.ts';

/*
 * What waits, without reading the backlog. One round looks at a bounded number of users, of each at a bounded number of
 * videos, and of each of those at its next tasks; every step follows an index to just these rows. So a round costs the same
 * whether a user has ten videos waiting or a hundred thousand, and a backlog of one user keeps no other from being seen.
 * Where more users wait than one round looks at, the next round continues with those after them.
 */

const USERS_PER_ROUND = 100;
/** Together; each user gets an equal share of them, at least one of each phase. */
const VIDEOS_PER_ROUND = 100;
const URGENT_VIDEOS = 50;
/** A video with this and more in its phase has been planned. */
const PHASES = ['queued', 'inspecting', 'encoding'] as const;

/** Where the next round begins; one for each dispatcher. */
export interface RoundCursor {
  afterUserId: number;
}

export interface Waiting {
  tasks: WaitingTask[];
  inFlight: InFlight;
  limitOfUser: Map<number, number>;
}

interface Round {
  models: Models;
  now: Date;
  slots: number;
}

/** Whether any task could go now. */
export async function isAnyWaiting(models: Models, now: Date): Promise<boolean> {
  const sql = "SELECT id FROM tasks WHERE state = 'pending' AND available_at <= :now LIMIT 1";
  return (await select(models, sql, z.object({ id: z.number() }), { now })).length > 0;
}

/** Returns what the next tasks are chosen from, and moves the cursor on. */
export async function findWaiting(
  round: Round,
  config: ProcessingConfig,
  cursor: RoundCursor,
): Promise<Waiting> {
  const { models } = round;
  const userIds = await nextUsers(models, cursor);
  const urgent = await findUrgent(round);
  const { limited, limitOfUser } = await readLimits(round, config, [
    ...new Set([...userIds, ...urgent.map(({ userId }) => userId)]),
  ]);
  const mayGo = ({ userId, phase }: CandidateVideo): boolean => phase === 'encoding' || !limited.has(userId);
  const normal = await findVideos(round, userIds, limited, 0);
  const tasks = await findTasks(round, [...urgent.filter(mayGo), ...normal]);
  // what can wait is looked at only where there is room for it
  const low = tasks.length < round.slots ? await findVideos(round, userIds, limited, -1) : [];
  return {
    tasks: [...tasks, ...(await findTasks(round, low))],
    inFlight: await countInFlight(models),
    limitOfUser,
  };
}

/** Users with a video that is transcoding, in the order of their ids, from the cursor on and around. */
async function nextUsers(models: Models, cursor: RoundCursor): Promise<number[]> {
  const after = await usersAfter(models, cursor.afterUserId, USERS_PER_ROUND);
  const missing = USERS_PER_ROUND - after.length;
  const around =
    missing > 0 && cursor.afterUserId > 0
      ? (await usersAfter(models, 0, missing)).filter((id) => id <= cursor.afterUserId)
      : [];
  const users = [...after, ...around];
  cursor.afterUserId = users.length < USERS_PER_ROUND ? 0 : (users.at(-1) ?? 0);
  return users;
}

/** One step of the index for each user: a scan would read all the videos of everyone. */
async function usersAfter(models: Models, afterUserId: number, limit: number): Promise<number[]> {
  const next = (after: string): string =>
    `(SELECT MIN(user_id) FROM videos WHERE status = 'transcoding' AND user_id > ${after})`;
  const sql = `
    WITH RECURSIVE users_waiting (id, n) AS (
      SELECT ${next(':afterUserId')}, 1
      UNION ALL
      SELECT ${next('users_waiting.id')}, n + 1 FROM users_waiting WHERE id IS NOT NULL AND n < :limit
    )
    SELECT id FROM users_waiting WHERE id IS NOT NULL`;
  const rows = await select(models, sql, z.object({ id: z.number() }), { afterUserId, limit });
  return rows.map(({ id }) => id);
}

const videoSchema = z.object({
  id: z.number(),
  userId: z.number(),
  priority: z.number(),
  phase: z.string(),
});
type CandidateVideo = z.infer<typeof videoSchema>;

const VIDEO_COLUMNS = 'v.id AS id, v.user_id AS userId, v.priority AS priority, v.phase AS phase';
const HAS_TASK =
  "EXISTS (SELECT 1 FROM tasks t WHERE t.video_id = v.id AND t.state = 'pending' AND t.available_at <= :now)";

/** Videos that an admin wants to go first, whoever's they are. */
function findUrgent({ models, now }: Round): Promise<CandidateVideo[]> {
  const sql = `SELECT ${VIDEO_COLUMNS} FROM videos v
    WHERE v.status = 'transcoding' AND v.priority > 0 AND ${HAS_TASK} LIMIT ${URGENT_VIDEOS}`;
  return select(models, sql, videoSchema, { now });
}

/** The oldest videos of each user in each phase; of users whose limit is reached only those that are planned already. */
function findVideos(
  { models, now }: Round,
  userIds: readonly number[],
  limited: ReadonlySet<number>,
  priority: number,
): Promise<CandidateVideo[]> {
  const share = Math.max(1, Math.floor(VIDEOS_PER_ROUND / Math.max(1, userIds.length)));
  const searches = userIds.flatMap((userId) =>
    PHASES.filter((phase) => phase === 'encoding' || !limited.has(userId)).map(
      (
        phase,
      ) => `SELECT ${VIDEO_COLUMNS} FROM videos v WHERE v.status = 'transcoding' AND v.user_id = ${userId}
        AND v.phase = '${phase}' AND v.priority = ${priority} AND ${HAS_TASK} ORDER BY v.id LIMIT ${share}`,
    ),
  );
  return selectEach(models, searches, videoSchema, { now });
}

const taskSchema = z.object({
  id: z.number(),
  videoId: z.number(),
  position: z.number(),
  availableAt: z.coerce.date(),
});

/** The next tasks of each video: enough to fill the slots twice, so that turns can be taken. */
async function findTasks(
  { models, now, slots }: Round,
  videos: readonly CandidateVideo[],
): Promise<WaitingTask[]> {
  const share = Math.min(slots, Math.ceil((2 * slots) / Math.max(1, videos.length)));
  const searches = videos.map(
    ({
      id,
    }) => `SELECT t.id AS id, t.video_id AS videoId, t.position AS position, t.available_at AS availableAt
      FROM tasks t WHERE t.video_id = ${id} AND t.state = 'pending' AND t.available_at <= :now
      ORDER BY t.position LIMIT ${share}`,
  );
  const byId = new Map(videos.map((video) => [video.id, video]));
  const rows = await selectEach(models, searches, taskSchema, { now });
  return rows.flatMap(({ availableAt, ...task }) => {
    const video = byId.get(task.videoId);
    if (video === undefined) return [];
    const { userId, priority } = video;
    return [{ ...task, userId, priority, availableAtMs: availableAt.getTime() }];
  });
}

/** Users of whom no further video may be planned now, and how many tasks each may have in flight. */
async function readLimits(
  { models, now }: Round,
  config: ProcessingConfig,
  userIds: readonly number[],
): Promise<{ limited: Set<number>; limitOfUser: Map<number, number> }> {
  const users = await models.User.findAll({
    attributes: ['id', 'quotaRunningTasks', 'quotaQueuedMinutes', 'quotaDailyMinutes'],
    where: { id: [...userIds] },
  });
  const limits = users.map((user) => ({ id: user.id, ...processingLimitsOf(user, config) }));
  const idsWith = (name: 'queuedMinutes' | 'dailyMinutes'): number[] =>
    limits.flatMap((user) => (user[name] === null ? [] : [user.id]));
  const [planned, day] = await Promise.all([
    sumPlanned(models, idsWith('queuedMinutes')),
    sumDay(models, idsWith('dailyMinutes'), now),
  ]);
  const reached = (seconds: number | undefined, minutes: number | null): boolean =>
    minutes !== null && seconds !== undefined && seconds >= minutes * 60;
  const limited = limits.flatMap(({ id, queuedMinutes, dailyMinutes }) => {
    const dayIsOver = reached(day.get(id) ?? 0, dailyMinutes);
    return dayIsOver || reached(planned.get(id), queuedMinutes) ? [id] : [];
  });
  return {
    limited: new Set(limited),
    limitOfUser: new Map(
      limits.flatMap(({ id, runningTasks }) => (runningTasks === null ? [] : [[id, runningTasks]])),
    ),
  };
}

/** All searches in one statement, each with a limit of its own. */
async function selectEach<S extends z.ZodType>(
  models: Models,
  searches: readonly string[],
  schema: S,
  replacements: { now: Date },
): Promise<z.infer<S>[]> {
  if (searches.length === 0) return [];
  const sql = searches.map((search, index) => `SELECT * FROM (${search}) AS s${index}`).join(' UNION ALL ');
  return select(models, sql, schema, replacements);
}

async function select<S extends z.ZodType>(
  models: Models,
  sql: string,
  schema: S,
  { now, ...others }: Record<string, unknown> & { now?: Date },
): Promise<z.infer<S>[]> {
  const { sequelize } = models.Task;
  if (sequelize === undefined) throw new Error('the models have no connection');
  const replacements = { ...others, ...(now === undefined ? {} : { now: columnText(now, sequelize) }) };
  const rows = await sequelize.query(sql, { type: QueryTypes.SELECT, replacements });
  return rows.map((row) => schema.parse(row));
}

/** A time as the columns hold it: in replacements Sequelize leaves the milliseconds out. */
function columnText(time: Date, sequelize: Sequelize): string {
  const text = time.toISOString().replace('T', ' ').replace('Z', '');
  return sequelize.getDialect() === 'sqlite' ? `${text} +00:00` : text;
}
