import { DataTypes, type Model, type ModelAttributeColumnOptions, type Sequelize } from 'sequelize';
import {
  AuditRow,
  HeartbeatRow,
  KnownDeviceRow,
  LoginAttemptRow,
  RefreshTokenRow,
  RetentionJobRow,
  TaskRow,
  TranscodeUsageRow,
  UploadRow,
  UserRow,
  VideoRow,
  VideoSourceRow,
  WebhookDeliveryRow,
  WebhookEndpointRow,
  WorkerRow,
} from './rows.ts';

/** A JSON value in a text column, which every dialect reads and writes alike (MariaDB's JSON type is text as well). */
function json(field: string, options: { allowNull: boolean }): ModelAttributeColumnOptions {
  return {
    type: DataTypes.TEXT,
    field,
    ...options,
    get(this: Model) {
      const text: unknown = this.getDataValue(attributeOf(field));
      return typeof text === 'string' ? JSON.parse(text) : text;
    },
    set(this: Model, value: unknown) {
      this.setDataValue(attributeOf(field), value === null ? null : JSON.stringify(value));
    },
  };
}

// Sequelize types the name as a key of the concrete model, which a column that models share cannot know
const attributeOf = (field: string) =>
  field.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()) as never;

// Sequelize mutates the attributes that it receives, so every use below is a copy
const id = { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true } as const;
const text = (length: number) => ({ type: DataTypes.STRING(length), allowNull: false }) as const;
const optionalText = (length: number) => ({ type: DataTypes.STRING(length), allowNull: true }) as const;
const integer = { type: DataTypes.INTEGER, allowNull: false } as const;
const optionalInteger = { type: DataTypes.INTEGER, allowNull: true } as const;
const optionalBigint = { type: DataTypes.BIGINT, allowNull: true } as const;
const double = { type: DataTypes.DOUBLE, allowNull: false } as const;
const optionalDouble = { type: DataTypes.DOUBLE, allowNull: true } as const;
const date = { type: DataTypes.DATE(3), allowNull: false } as const;
const optionalDate = { type: DataTypes.DATE(3), allowNull: true } as const;
const longText = { type: DataTypes.TEXT, allowNull: true } as const;

const refuse = (): never => {
  throw new Error('the audit log is append-only');
};
const appendOnly = {
  beforeUpdate: refuse,
  beforeBulkUpdate: refuse,
  beforeDestroy: refuse,
  beforeBulkDestroy: refuse,
};

/** The models of one connection. */
export type Models = ReturnType<typeof createModels>;

// Sequelize binds a class to one connection for good, so each connection gets its own classes
const createModels = () => ({
  User: class extends UserRow {},
  RefreshToken: class extends RefreshTokenRow {},
  LoginAttempt: class extends LoginAttemptRow {},
  KnownDevice: class extends KnownDeviceRow {},
  Video: class extends VideoRow {},
  Upload: class extends UploadRow {},
  VideoSource: class extends VideoSourceRow {},
  Task: class extends TaskRow {},
  TranscodeUsage: class extends TranscodeUsageRow {},
  Worker: class extends WorkerRow {},
  Audit: class extends AuditRow {},
  WebhookEndpoint: class extends WebhookEndpointRow {},
  WebhookDelivery: class extends WebhookDeliveryRow {},
  RetentionJob: class extends RetentionJobRow {},
  Heartbeat: class extends HeartbeatRow {},
});

/** Returns models bound to this connection. The migrations create the tables. */
export function defineModels(sequelize: Sequelize): Models {
  const models = createModels();
  const options = (tableName: string, timestamps: boolean | 'created') => ({
    sequelize,
    tableName,
    underscored: true,
    timestamps: timestamps !== false,
    ...(timestamps === 'created' ? { updatedAt: false as const } : {}),
  });

  models.User.init(
    {
      id: { ...id },
      email: { ...text(254), unique: true },
      nickname: text(60),
      passwordHash: text(255),
      role: text(16),
      disabledAt: { ...optionalDate },
      quotaBytes: { ...optionalBigint },
      quotaVideos: { ...optionalInteger },
      quotaRunningTasks: { ...optionalInteger },
      quotaQueuedMinutes: { ...optionalInteger },
      quotaDailyMinutes: { ...optionalInteger },
      sessionEpoch: { ...integer, defaultValue: 0 },
      passwordTemporary: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: false },
      createdAt: { ...date },
      updatedAt: { ...date },
    },
    options('users', true),
  );
  models.RefreshToken.init(
    {
      id: { ...id },
      userId: { ...integer },
      family: text(36),
      tokenHash: { ...text(64), unique: true },
      expiresAt: { ...date },
      usedAt: { ...optionalDate },
      revokedAt: { ...optionalDate },
      createdAt: { ...date },
    },
    options('refresh_tokens', 'created'),
  );
  models.LoginAttempt.init(
    {
      subject: { ...text(300), primaryKey: true },
      failures: { ...integer },
      pending: { ...integer, defaultValue: 0 },
      windowEndsAt: { ...date },
      retryAt: { ...optionalDate },
    },
    options('login_attempts', false),
  );
  models.KnownDevice.init(
    {
      id: { ...id },
      userId: { ...integer },
      kind: text(16),
      fingerprint: text(64),
      lastUsedAt: { ...date },
      expiresAt: { ...date },
    },
    options('known_devices', false),
  );
  models.Video.init(
    {
      id: { ...id },
      userId: { ...integer },
      title: text(200),
      description: { type: DataTypes.TEXT, allowNull: false },
      visibility: text(16),
      linkVersion: { ...integer, defaultValue: 0 },
      linkToken: optionalText(32),
      legacyLinkSince: { ...optionalDate },
      status: text(16),
      priority: { ...integer, defaultValue: 0 },
      phase: optionalText(16),
      progress: { ...double },
      playable: { type: DataTypes.BOOLEAN, allowNull: false },
      fileName: { type: DataTypes.TEXT, allowNull: false },
      contentType: optionalText(200),
      sizeBytes: { ...optionalBigint },
      sourceKey: text(255),
      objectFolder: optionalText(64),
      sourceEtag: optionalText(128),
      sourceLastModified: { ...optionalDate },
      putKey: optionalText(255),
      putEndsAt: { ...optionalDate },
      fingerprint: optionalText(64),
      durationSeconds: { ...optionalDouble },
      width: { ...optionalInteger },
      height: { ...optionalInteger },
      frameRate: { ...optionalDouble },
      coverKey: optionalText(255),
      storyboardKey: optionalText(255),
      plan: json('plan', { allowNull: true }),
      planVersion: { ...integer },
      errorCode: optionalText(40),
      errorMessage: { ...longText },
      errorDiagnostics: { ...longText },
      notices: json('notices', { allowNull: true }),
      transcodeStartedAt: { ...optionalDate },
      onlineAt: { ...optionalDate },
      sourceRemovedAt: { ...optionalDate },
      deletedAt: { ...optionalDate },
      purgeAfter: { ...optionalDate },
      cleanAfter: { ...optionalDate },
      createdAt: { ...date },
      updatedAt: { ...date },
    },
    options('videos', true),
  );
  models.Video.belongsTo(models.User, { as: 'owner', foreignKey: 'userId' });
  models.Upload.init(
    {
      videoId: { ...integer, primaryKey: true },
      userId: { ...integer },
      storeUploadId: optionalText(512),
      sizeBytes: { ...optionalBigint },
      partSizeBytes: { ...optionalBigint },
      partCount: { ...optionalInteger },
      fingerprint: optionalText(64),
      lastModifiedMs: { ...optionalBigint },
      expiresAt: { ...date },
      createdAt: { ...date },
    },
    options('uploads', 'created'),
  );
  models.VideoSource.init(
    {
      id: { ...id },
      videoId: { ...integer },
      quality: text(16),
      format: text(8),
      key: { ...text(255), field: 'object_key' },
      width: { ...integer },
      height: { ...integer },
      frameRate: { ...double },
      bandwidth: { ...integer },
      averageBandwidth: { ...integer },
      codecs: text(100),
    },
    options('video_sources', false),
  );
  models.Task.init(
    {
      id: { ...id },
      videoId: { ...integer },
      planVersion: { ...integer },
      kind: text(16),
      position: { ...integer },
      state: text(16),
      spec: json('spec', { allowNull: false }),
      result: json('result', { allowNull: true }),
      attempt: { ...integer },
      deliveries: { ...integer },
      programDeaths: { ...integer, defaultValue: 0 },
      lostLeases: { ...integer, defaultValue: 0 },
      farmFaults: { ...integer, defaultValue: 0 },
      damagedTries: { ...integer, defaultValue: 0 },
      waitingSince: { ...optionalDate },
      verdicts: json('verdicts', { allowNull: true }),
      failedWorkerId: optionalText(100),
      declines: { ...integer, defaultValue: 0 },
      leaseToken: optionalText(36),
      leaseExpiresAt: { ...optionalDate },
      availableAt: { ...date },
      workerId: optionalText(100),
      unitsDone: { ...integer },
      unitsTotal: { ...integer },
      segmentsDone: { ...integer },
      listedTag: optionalText(40),
      damagedTag: optionalText(40),
      damagedSegments: { ...integer, defaultValue: 0 },
      speed: { ...optionalDouble },
      requestId: optionalText(100),
      traceparent: optionalText(55),
      errorCode: optionalText(40),
      errorMessage: { ...longText },
      errorDiagnostics: { ...longText },
      startedAt: { ...optionalDate },
      finishedAt: { ...optionalDate },
      createdAt: { ...date },
      updatedAt: { ...date },
    },
    options('tasks', true),
  );
  models.TranscodeUsage.init(
    {
      id: { ...id },
      userId: { ...integer },
      videoId: { ...integer },
      seconds: { ...double },
      createdAt: { ...date },
    },
    options('transcode_usage', false),
  );
  models.Worker.init(
    {
      id: { ...text(100), primaryKey: true },
      host: text(255),
      version: text(40),
      cpus: { ...double },
      state: text(16),
      reason: { ...longText },
      taskId: { ...optionalInteger },
      startedAt: { ...date },
      lastSeenAt: { ...date },
      wantedState: optionalText(16),
      confinement: json('confinement', { allowNull: true }),
      ffmpegVersion: optionalText(64),
    },
    options('workers', false),
  );
  models.Audit.init(
    {
      id: { ...id },
      actorId: { ...optionalInteger },
      actorEmail: optionalText(254),
      action: text(40),
      targetKind: optionalText(20),
      targetId: optionalText(100),
      details: json('details', { allowNull: false }),
      requestId: optionalText(100),
      address: optionalText(64),
      createdAt: { ...date },
    },
    { ...options('audit_log', 'created'), hooks: appendOnly },
  );
  models.WebhookEndpoint.init(
    {
      id: { ...id },
      userId: { ...integer },
      scope: text(16),
      url: text(2048),
      description: text(200),
      events: json('events', { allowNull: false }),
      secret: text(100),
      previousSecret: optionalText(100),
      previousSecretEndsAt: { ...optionalDate },
      disabledAt: { ...optionalDate },
      disabledReason: optionalText(200),
      failingSince: { ...optionalDate },
      createdAt: { ...date },
      updatedAt: { ...date },
    },
    options('webhook_endpoints', true),
  );
  models.WebhookDelivery.init(
    {
      id: { ...id },
      endpointId: { ...integer },
      messageId: text(40),
      type: text(40),
      videoId: { ...optionalInteger },
      payload: { type: DataTypes.TEXT, allowNull: false },
      state: text(16),
      attempts: { ...integer },
      nextAttemptAt: { ...date },
      claimToken: optionalText(36),
      responseStatus: { ...optionalInteger },
      responseExcerpt: { ...longText },
      error: optionalText(200),
      durationMs: { ...optionalInteger },
      deliveredAt: { ...optionalDate },
      createdAt: { ...date },
      updatedAt: { ...date },
    },
    options('webhook_deliveries', true),
  );
  models.RetentionJob.init(
    {
      name: { ...text(32), primaryKey: true },
      position: { ...integer, defaultValue: 0 },
      nextRunAt: { ...date },
      leaseToken: optionalText(36),
      leaseExpiresAt: { ...optionalDate },
      startedAt: { ...optionalDate },
      finishedAt: { ...optionalDate },
      triggerKind: optionalText(16),
      result: json('result', { allowNull: true }),
      error: { ...longText },
      stop: json('stop', { allowNull: true }),
      allowance: json('allowance', { allowNull: true }),
      settings: json('settings', { allowNull: true }),
    },
    options('retention_jobs', false),
  );
  models.Heartbeat.init(
    {
      name: { ...text(32), primaryKey: true },
      beatAt: { ...optionalDate },
      clockDoubt: { ...longText },
      graceFrom: { ...optionalDate },
      graceUntil: { ...optionalDate },
    },
    options('heartbeats', false),
  );
  return models;
}
