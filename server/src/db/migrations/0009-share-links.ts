import { randomBytes } from 'node:crypto';
import { DataTypes, type QueryInterface, QueryTypes } from 'sequelize';
import { addColumn } from './steps.ts';

export const name = '0009-share-links';

const BATCH = 500;

/**
 * Links of unlisted videos carry a token, and every signed link a version, so that both can be revoked. Videos that are
 * unlisted by now get a token; as their number alone was their link, they are marked with the time of the upgrade.
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
    await giveTokens(schema, ids);
  }
}

async function findUnlisted({ sequelize }: QueryInterface): Promise<number[]> {
  const rows = await sequelize.query<{ id: number }>(
    "SELECT id FROM videos WHERE visibility = 'unlisted' AND link_token IS NULL ORDER BY id LIMIT :limit",
    { type: QueryTypes.SELECT, replacements: { limit: BATCH } },
  );
  return rows.map(({ id }) => id);
}

async function giveTokens({ sequelize }: QueryInterface, ids: readonly number[]): Promise<void> {
  const cases = ids.map(() => 'WHEN ? THEN ?').join(' ');
  const tokens = ids.flatMap((id) => [id, randomBytes(18).toString('base64url')]);
  await sequelize.query(
    `UPDATE videos SET link_token = CASE id ${cases} END, legacy_link_since = ? WHERE id IN (?)`,
    { replacements: [...tokens, new Date(), [...ids]] },
  );
}
