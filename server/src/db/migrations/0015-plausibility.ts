import { DataTypes, type QueryInterface } from 'sequelize';
import { addColumn } from './steps.ts';

export const name = '0015-plausibility';

const date = { type: DataTypes.DATE(3), allowNull: true };
const longText = { type: DataTypes.TEXT, allowNull: true };

/** Stops and allowances of retention jobs, and the heartbeat of the servers. Safe to repeat. */
export async function up(schema: QueryInterface): Promise<void> {
  for (const column of ['stop', 'allowance', 'settings']) {
    await addColumn(schema, 'retention_jobs', column, { ...longText });
  }
  await schema.createTable('heartbeats', {
    name: { type: DataTypes.STRING(32), primaryKey: true },
    beat_at: { ...date },
    clock_doubt: { ...longText },
    grace_from: { ...date },
    grace_until: { ...date },
  });
}
