import { Op } from 'sequelize';
import type { Models } from '../db/models.ts';

/** Workers whose leases were revoked have stopped by then, and players have read a playlist of what was published. */
export const LATE_WRITES_MS = 60_000;

/** Columns of a video that ends now: soon what its transcode or upload left in the store is cleaned up. */
export function cleanUpSoon() {
  return { cleanAfter: new Date(Date.now() + LATE_WRITES_MS) };
}

/** Has a video that has ended looked at again: somebody whose lease has ended is still at work, and may have written. */
export async function expectLateObjects({ Video }: Models, videoId: number): Promise<void> {
  const soon = cleanUpSoon();
  const later = { [Op.or]: [{ cleanAfter: null }, { cleanAfter: { [Op.gt]: soon.cleanAfter } }] };
  const ended = { id: videoId, status: ['online' as const, 'failed' as const, 'canceled' as const] };
  // not a change that anybody should see
  await Video.update(soon, { where: { ...ended, ...later }, silent: true });
}
