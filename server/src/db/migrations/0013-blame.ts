import { DataTypes, type QueryInterface } from 'sequelize';
import { addColumn } from './steps.ts';

export const name = '0013-blame';

/**
 * Tasks count the attempts that farm faults ended, and keep since when they wait for the farm, the verdicts on the media,
 * and which worker leaves the next attempt to others; videos have notices for their owners.
 */
export async function up(schema: QueryInterface): Promise<void> {
  const count = { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 };
  await addColumn(schema, 'tasks', 'farm_faults', { ...count });
  await addColumn(schema, 'tasks', 'waiting_since', { type: DataTypes.DATE(3), allowNull: true });
  await addColumn(schema, 'tasks', 'verdicts', { type: DataTypes.TEXT, allowNull: true });
  await addColumn(schema, 'tasks', 'failed_worker_id', { type: DataTypes.STRING(100), allowNull: true });
  await addColumn(schema, 'tasks', 'declines', { ...count });
  await addColumn(schema, 'videos', 'notices', { type: DataTypes.TEXT, allowNull: true });
}
