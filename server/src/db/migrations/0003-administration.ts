import { DataTypes, type ModelAttributeColumnOptions, type QueryInterface } from 'sequelize';

export const name = '0003-administration';

const text = (length: number) => ({ type: DataTypes.STRING(length), allowNull: false });
const optionalText = (length: number) => ({ type: DataTypes.STRING(length), allowNull: true });
const optionalInteger = { type: DataTypes.INTEGER, allowNull: true };

const COLUMNS: readonly [string, string, ModelAttributeColumnOptions][] = [
  ['users', 'quota_bytes', { type: DataTypes.BIGINT, allowNull: true }],
  ['users', 'quota_videos', optionalInteger],
  ['users', 'password_temporary', { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: false }],
  ['users', 'session_epoch', { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 }],
  ['videos', 'priority', { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 }],
  ['workers', 'wanted_state', optionalText(16)],
];

/** Columns for administration, and the audit log. Safe to repeat: MySQL commits every step. */
export async function up(schema: QueryInterface): Promise<void> {
  for (const [table, column, options] of COLUMNS) {
    const columns = await schema.describeTable(table);
    if (columns[column] === undefined) await schema.addColumn(table, column, { ...options });
  }
  // no foreign keys: the log outlives the actors and targets that it names
  await schema.createTable('audit_log', {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    actor_id: optionalInteger,
    actor_email: optionalText(254),
    action: text(40),
    target_kind: optionalText(20),
    target_id: optionalText(100),
    details: { type: DataTypes.TEXT, allowNull: false },
    request_id: optionalText(100),
    address: optionalText(64),
    created_at: { type: DataTypes.DATE(3), allowNull: false },
  });
  await addIndex(schema, ['actor_id']);
  await addIndex(schema, ['action']);
  await addIndex(schema, ['target_kind', 'target_id']);
  await addIndex(schema, ['created_at']);
}

async function addIndex(schema: QueryInterface, fields: string[]): Promise<void> {
  const name = `audit_log_${fields.join('_')}`;
  const indexes = await schema.showIndex('audit_log');
  const isThere = Array.isArray(indexes) && indexes.some((index) => index.name === name);
  if (!isThere) await schema.addIndex('audit_log', fields, { name });
}
