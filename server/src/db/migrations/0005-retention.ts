import { DataTypes, type QueryInterface } from 'sequelize';
import { addColumn, addIndex } from './steps.ts';

export const name = '0005-retention';

const date = { type: DataTypes.DATE(3), allowNull: true };
const longText = { type: DataTypes.TEXT, allowNull: true };

/** When a video's source was removed, and the state of the retention jobs. */
export async function up(schema: QueryInterface): Promise<void> {
  await addColumn(schema, 'videos', 'source_removed_at', { ...date });
  await addIndex(schema, 'videos', ['source_removed_at', 'online_at']);
  await schema.createTable('retention_jobs', {
    name: { type: DataTypes.STRING(32), primaryKey: true },
    position: { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 },
    next_run_at: { ...date, allowNull: false },
    lease_token: { type: DataTypes.STRING(36), allowNull: true },
    lease_expires_at: date,
    started_at: date,
    finished_at: date,
    trigger_kind: { type: DataTypes.STRING(16), allowNull: true },
    result: longText,
    error: longText,
  });
}
