import { QueryTypes } from 'sequelize';
import { z } from 'zod';
import type { Models } from '../db/models.ts';

/** How many tasks are queued or running. */
export interface InFlight {
  ofUser: ReadonlyMap<number, number>;
  ofVideo: ReadonlyMap<number, number>;
}

const countSchema = z.object({ userId: z.number(), videoId: z.number(), count: z.coerce.number() });

/** How many tasks of each user and video are queued or running; the slots of the farm bound what is read. */
export async function countInFlight({ Task }: Models): Promise<InFlight> {
  const sql = `SELECT v.user_id AS userId, t.video_id AS videoId, COUNT(t.id) AS count
    FROM tasks t JOIN videos v ON v.id = t.video_id
    WHERE t.state IN ('queued', 'running') GROUP BY v.user_id, t.video_id`;
  const rows = await Task.sequelize?.query(sql, { type: QueryTypes.SELECT });
  const counts = (rows ?? []).map((row) => countSchema.parse(row));
  const ofUser = new Map<number, number>();
  for (const { userId, count } of counts) ofUser.set(userId, (ofUser.get(userId) ?? 0) + count);
  return { ofUser, ofVideo: new Map(counts.map(({ videoId, count }) => [videoId, count])) };
}
