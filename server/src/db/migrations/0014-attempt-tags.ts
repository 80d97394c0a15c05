import { DataTypes, type QueryInterface } from 'sequelize';
import { addColumn, addIndex } from './steps.ts';

export const name = '0014-attempt-tags';

/**
 * Tasks keep which attempt's segments are listed while a video is transcoding, and videos when the next clean-up is due.
 * Videos that ended before the upgrade are due at once: earlier versions left stale objects.
 */
export async function up(schema: QueryInterface): Promise<void> {
  await addColumn(schema, 'tasks', 'listed_tag', { type: DataTypes.STRING(40), allowNull: true });
  await addColumn(schema, 'tasks', 'damaged_tag', { type: DataTypes.STRING(40), allowNull: true });
  await addColumn(schema, 'tasks', 'damaged_segments', {
    type: DataTypes.INTEGER,
    allowNull: false,
    defaultValue: 0,
  });
  await addColumn(schema, 'videos', 'clean_after', { type: DataTypes.DATE(3), allowNull: true });
  await addIndex(schema, 'videos', ['clean_after']);
  await schema.sequelize.query(
    "UPDATE videos SET clean_after = ? WHERE clean_after IS NULL AND status IN ('online', 'failed', 'canceled')",
    { replacements: [new Date()] },
  );
}
