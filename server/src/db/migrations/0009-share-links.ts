import { randomBytes } from 'node:crypto';
import { DataTypes, type QueryInterface, QueryTypes } from 'sequelize';
import { addColumn } from './steps.ts';

export const name = '0009-share-links';

const BATCH = 500;

/**
 * Links of unlisted videos carry a token, and every signed link a version, so that both can be revoked. Sets a token for
 * videos that are unlisted already, and the time of the upgrade, since until then their number alone was their link.
 */
export async function up(schema: QueryInterface): Promise<void> {
  await addColumn(schema, 'videos', 'link_version', {
    type: DataTypes.INTEGER,
    allowNull: false,
    defaultValue: 0,
  });
  await addColumn(schema, 'videos', 'link_token', { type: DataTypes.STRING(32), allowNull: true });
  await addColumn(schema, 'videos', 'legacy_link_since', { type: DataTypes.DATE(3), allowNull: true });
  for (let ids = await findUnlisted(schema); ids.length > 0; ids = await findUnlisted(schema)) {
    await setTokens(schema, ids);
  }
}

async function findUnlisted({ sequelize }: QueryInterface): Promise<number[]> {
  const rows = await sequelize.query<{ id: number }>(
    "SELECT id FROM videos WHERE visibility = 'unlisted' AND link_token IS NULL ORDER BY id LIMIT :limit",
    { type: QueryTypes.SELECT, replacements: { limit: BATCH } },
  );
  return rows.map(({ id }) => id);
}

async function setTokens({ sequelize }: QueryInterface, ids: readonly number[]): Promise<void> {
  const cases = ids.map(() => 'WHEN ? THEN ?').join(' ');
  const tokens = ids.flatMap((id) => [id, randomBytes(18).toString('base64url')]);
  await sequelize.query(
    `UPDATE videos SET link_token = CASE id ${cases} END, legacy_link_since = ? WHERE id IN (?)`,
    { replacements: [...tokens, new Date(), [...ids]] },
  );
}
