import { DataTypes, type QueryInterface } from 'sequelize';
import { addColumn, addIndex } from './steps.ts';

export const name = '0010-known-devices';

const date = { type: DataTypes.DATE(3), allowNull: false };
const integer = { type: DataTypes.INTEGER, allowNull: false };
const text = (length: number) => ({ type: DataTypes.STRING(length), allowNull: false });

/** Known devices and networks of accounts, and login attempts in progress. Safe to repeat: MySQL commits every step. */
export async function up(schema: QueryInterface): Promise<void> {
  await addColumn(schema, 'login_attempts', 'pending', { ...integer, defaultValue: 0 });
  await addColumn(schema, 'login_attempts', 'retry_at', { type: DataTypes.DATE(3), allowNull: true });
  await schema.createTable('known_devices', {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    user_id: { ...integer, references: { model: 'users', key: 'id' }, onDelete: 'CASCADE' },
    kind: text(16),
    fingerprint: text(64),
    last_used_at: date,
    expires_at: date,
  });
  await addIndex(schema, 'known_devices', ['user_id', 'fingerprint'], { unique: true });
  await addIndex(schema, 'known_devices', ['fingerprint']);
  await addIndex(schema, 'known_devices', ['expires_at']);
}
