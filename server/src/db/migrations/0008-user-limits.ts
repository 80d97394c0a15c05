import { DataTypes, type QueryInterface } from 'sequelize';
import { addColumn, addIndex } from './steps.ts';

export const name = '0008-user-limits';

const integer = { type: DataTypes.INTEGER, allowNull: false };
const optionalInteger = { type: DataTypes.INTEGER, allowNull: true };

/** Processing limits and usage of each user, and indexes by which the dispatcher finds users and their tasks. */
export async function up(schema: QueryInterface): Promise<void> {
  await addColumn(schema, 'users', 'quota_running_tasks', { ...optionalInteger });
  await addColumn(schema, 'users', 'quota_queued_minutes', { ...optionalInteger });
  await addColumn(schema, 'users', 'quota_daily_minutes', { ...optionalInteger });
  // no foreign keys: usage counts also after its video was deleted
  await schema.createTable('transcode_usage', {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    user_id: integer,
    video_id: { ...integer },
    seconds: { type: DataTypes.DOUBLE, allowNull: false },
    created_at: { type: DataTypes.DATE(3), allowNull: false },
  });
  await addIndex(schema, 'transcode_usage', ['user_id', 'created_at']);
  await addIndex(schema, 'videos', ['status', 'user_id', 'phase', 'priority']);
  await addIndex(schema, 'videos', ['status', 'priority']);
  await addIndex(schema, 'tasks', ['video_id', 'state', 'position']);
}
