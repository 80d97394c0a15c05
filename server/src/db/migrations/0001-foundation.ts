import { DataTypes, type QueryInterface } from 'sequelize';
import { addIndex } from './steps.ts';

export const name = '0001-foundation';

const id = { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true };
const text = (length: number) => ({ type: DataTypes.STRING(length), allowNull: false });
const optionalText = (length: number) => ({ type: DataTypes.STRING(length), allowNull: true });
const integer = { type: DataTypes.INTEGER, allowNull: false };
const count = { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 };
const optionalInteger = { type: DataTypes.INTEGER, allowNull: true };
const optionalBigint = { type: DataTypes.BIGINT, allowNull: true };
const double = { type: DataTypes.DOUBLE, allowNull: false };
const optionalDouble = { type: DataTypes.DOUBLE, allowNull: true };
const date = { type: DataTypes.DATE(3), allowNull: false };
const optionalDate = { type: DataTypes.DATE(3), allowNull: true };
const longText = { type: DataTypes.TEXT, allowNull: true };
const references = (table: string) => ({ references: { model: table, key: 'id' }, onDelete: 'CASCADE' });

/** Safe to repeat, as every migration: see `steps.ts`. */
export async function up(schema: QueryInterface): Promise<void> {
  // MySQL's TEXT ends at 64 KiB, SQLite's has no sizes
  const sqlite = schema.sequelize.getDialect() === 'sqlite';
  const json = { type: sqlite ? DataTypes.TEXT : DataTypes.TEXT('long'), allowNull: true };

  await schema.createTable('users', {
    id,
    email: { ...text(254), unique: true },
    nickname: text(60),
    password_hash: text(255),
    role: text(16),
    disabled_at: optionalDate,
    created_at: date,
    updated_at: date,
  });
  await schema.createTable('refresh_tokens', {
    id,
    user_id: { ...integer, ...references('users') },
    family: text(36),
    token_hash: { ...text(64), unique: true },
    expires_at: date,
    used_at: optionalDate,
    revoked_at: optionalDate,
    created_at: date,
  });
  await addIndex(schema, 'refresh_tokens', ['family']);
  await schema.createTable('login_attempts', {
    subject: { ...text(300), primaryKey: true },
    failures: count,
    window_ends_at: date,
  });
  await schema.createTable('videos', {
    id,
    user_id: { ...integer, ...references('users') },
    title: text(200),
    description: { type: DataTypes.TEXT, allowNull: false },
    visibility: text(16),
    status: text(16),
    phase: optionalText(16),
    progress: double,
    playable: { type: DataTypes.BOOLEAN, allowNull: false },
    file_name: { type: DataTypes.TEXT, allowNull: false },
    content_type: optionalText(200),
    size_bytes: optionalBigint,
    source_key: text(255),
    duration_seconds: optionalDouble,
    width: optionalInteger,
    height: optionalInteger,
    frame_rate: optionalDouble,
    cover_key: optionalText(255),
    storyboard_key: optionalText(255),
    plan: json,
    plan_version: count,
    error_code: optionalText(40),
    error_message: longText,
    error_diagnostics: longText,
    transcode_started_at: optionalDate,
    online_at: optionalDate,
    deleted_at: optionalDate,
    purge_after: optionalDate,
    created_at: date,
    updated_at: date,
  });
  await addIndex(schema, 'videos', ['user_id', 'created_at']);
  await addIndex(schema, 'videos', ['status']);
  await addIndex(schema, 'videos', ['purge_after']);
  await schema.createTable('uploads', {
    video_id: { ...integer, primaryKey: true, ...references('videos') },
    user_id: integer,
    store_upload_id: optionalText(512),
    size_bytes: optionalBigint,
    part_size_bytes: optionalBigint,
    part_count: optionalInteger,
    fingerprint: optionalText(64),
    last_modified_ms: optionalBigint,
    expires_at: date,
    created_at: date,
  });
  await addIndex(schema, 'uploads', ['user_id', 'fingerprint']);
  await addIndex(schema, 'uploads', ['expires_at']);
  await schema.createTable('video_sources', {
    id,
    video_id: { ...integer, ...references('videos') },
    quality: text(16),
    format: text(8),
    object_key: text(255),
    width: integer,
    height: integer,
    frame_rate: double,
    bandwidth: integer,
    average_bandwidth: integer,
    codecs: text(100),
  });
  await addIndex(schema, 'video_sources', ['video_id', 'quality'], { unique: true });
  await schema.createTable('tasks', {
    id,
    video_id: { ...integer, ...references('videos') },
    plan_version: integer,
    kind: text(16),
    position: integer,
    state: text(16),
    spec: json,
    result: json,
    attempt: count,
    deliveries: count,
    lease_token: optionalText(36),
    lease_expires_at: optionalDate,
    available_at: date,
    worker_id: optionalText(100),
    units_done: count,
    units_total: count,
    segments_done: count,
    speed: optionalDouble,
    request_id: optionalText(100),
    error_code: optionalText(40),
    error_message: longText,
    error_diagnostics: longText,
    started_at: optionalDate,
    finished_at: optionalDate,
    created_at: date,
    updated_at: date,
  });
  // one row per unit of work and plan: planning twice cannot insert twice
  await addIndex(schema, 'tasks', ['video_id', 'plan_version', 'position'], { unique: true });
  await addIndex(schema, 'tasks', ['state', 'available_at']);
  await schema.createTable('workers', {
    id: { ...text(100), primaryKey: true },
    host: text(255),
    version: text(40),
    cpus: double,
    state: text(16),
    reason: longText,
    task_id: optionalInteger,
    started_at: date,
    last_seen_at: date,
  });
}
