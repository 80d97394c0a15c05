import type { ServerConfig } from '@reelmill/shared/runtime/config.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { Op } from 'sequelize';
import type { QuotaClaim } from '../users/quotas.ts';

const HOUR_MS = 3_600_000;

/**
 * Every upload creates rows that stay for a while, even if it is never completed. Throws `rate_limited` where the user has
 * started too many within an hour that are open, aborted or expired, or whose videos were deleted; completed uploads whose
 * videos exist do not count. The caller must have locked the user.
 */
export async function checkUnfinished({
  models,
  config,
  transaction,
  userId,
}: QuotaClaim & { config: Pick<ServerConfig, 'UNFINISHED_UPLOADS_PER_HOUR'> }): Promise<void> {
  const limit = config.UNFINISHED_UPLOADS_PER_HOUR;
  if (limit === 0) return;
  const now = Date.now();
  const last = await models.Video.findOne({
    attributes: ['createdAt'],
    where: {
      userId,
      createdAt: { [Op.gt]: new Date(now - HOUR_MS) },
      [Op.or]: [{ transcodeStartedAt: null }, { deletedAt: { [Op.not]: null } }],
    },
    order: [['createdAt', 'DESC']],
    offset: limit - 1,
    transaction,
  });
  if (last === null) return;
  throw new ReelmillError(
    'rate_limited',
    'Too many uploads were started within an hour and not completed. Complete the open ones, or wait before you start another.',
    { retryAfterSeconds: Math.max(1, Math.ceil((last.createdAt.getTime() + HOUR_MS - now) / 1000)) },
  );
}
