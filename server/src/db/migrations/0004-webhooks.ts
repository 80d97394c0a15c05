import { DataTypes, type QueryInterface } from 'sequelize';

export const name = '0004-webhooks';

const id = { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true };
const text = (length: number) => ({ type: DataTypes.STRING(length), allowNull: false });
const optionalText = (length: number) => ({ type: DataTypes.STRING(length), allowNull: true });
const integer = { type: DataTypes.INTEGER, allowNull: false };
const optionalInteger = { type: DataTypes.INTEGER, allowNull: true };
const date = { type: DataTypes.DATE(3), allowNull: false };
const optionalDate = { type: DataTypes.DATE(3), allowNull: true };
const references = (table: string) => ({ references: { model: table, key: 'id' }, onDelete: 'CASCADE' });

/** Webhook endpoints and their deliveries. Safe to repeat: MySQL commits every step. */
export async function up(schema: QueryInterface): Promise<void> {
  await schema.createTable('webhook_endpoints', {
    id,
    user_id: { ...integer, ...references('users') },
    scope: text(16),
    url: text(2048),
    description: text(200),
    events: { type: DataTypes.TEXT, allowNull: false },
    secret: text(100),
    previous_secret: optionalText(100),
    previous_secret_ends_at: optionalDate,
    disabled_at: optionalDate,
    disabled_reason: optionalText(200),
    failing_since: optionalDate,
    created_at: date,
    updated_at: date,
  });
  await schema.createTable('webhook_deliveries', {
    id,
    endpoint_id: { ...integer, ...references('webhook_endpoints') },
    message_id: text(40),
    type: text(40),
    video_id: optionalInteger,
    payload: { type: DataTypes.TEXT, allowNull: false },
    state: text(16),
    attempts: integer,
    next_attempt_at: date,
    claim_token: optionalText(36),
    response_status: optionalInteger,
    response_excerpt: { type: DataTypes.TEXT, allowNull: true },
    error: optionalText(200),
    duration_ms: optionalInteger,
    delivered_at: optionalDate,
    created_at: date,
    updated_at: date,
  });
  await addIndexOnce(schema, ['state', 'next_attempt_at']);
  await addIndexOnce(schema, ['endpoint_id', 'state']);
}

async function addIndexOnce(schema: QueryInterface, columns: string[]): Promise<void> {
  const table = 'webhook_deliveries';
  const indexes = await schema.showIndex(table);
  const indexName = `${table}_${columns.join('_')}`;
  const isThere = Array.isArray(indexes) && indexes.some((index) => index.name === indexName);
  if (!isThere) await schema.addIndex(table, columns, { name: indexName });
}
