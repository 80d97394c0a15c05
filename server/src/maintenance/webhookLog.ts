import { Op } from 'sequelize';
import { type ClockContext, checkClock } from '../clock/checkClock.ts';

const KEPT_MS = 30 * 24 * 3_600_000;
const KEPT_PER_ENDPOINT = 1_000;

/** Keeps the log of deliveries within bounds, by age and by number; what is still to be delivered stays for a month, too. Removes nothing while the clock is not trusted. */
export async function pruneWebhookLog(context: ClockContext): Promise<boolean> {
  const { WebhookDelivery, WebhookEndpoint } = context.database.models;
  const clock = await checkClock(context);
  if (!clock.trusted) return false;
  await WebhookDelivery.destroy({
    where: { updatedAt: { [Op.lt]: new Date(clock.adjustedNow.getTime() - KEPT_MS) } },
  });
  for (const { id } of await WebhookEndpoint.findAll({ attributes: ['id'] })) {
    const finished = { endpointId: id, state: { [Op.ne]: 'pending' as const } };
    const [newestToGo] = await WebhookDelivery.findAll({
      attributes: ['id'],
      where: finished,
      order: [['id', 'DESC']],
      offset: KEPT_PER_ENDPOINT,
      limit: 1,
    });
    if (newestToGo === undefined) continue;
    await WebhookDelivery.destroy({ where: { ...finished, id: { [Op.lte]: newestToGo.id } } });
  }
  return false;
}
