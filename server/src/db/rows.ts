import type { AuditAction, AuditDetails, AuditTargetKind } from '@reelmill/shared/contracts/audit.ts';
import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import type { EncodePlan } from '@reelmill/shared/contracts/media.ts';
import type { NoticeFacts } from '@reelmill/shared/contracts/notices.ts';
import type {
  RetentionAllowance,
  RetentionJobName,
  RetentionResult,
  RetentionStop,
} from '@reelmill/shared/contracts/retention.ts';
import type {
  ConfinementReport,
  TaskKind,
  TaskResult,
  TaskSpec,
  TaskState,
} from '@reelmill/shared/contracts/tasks.ts';
import type { Role } from '@reelmill/shared/contracts/users.ts';
import type { VideoPhase, VideoStatus, Visibility } from '@reelmill/shared/contracts/videos.ts';
import type {
  WebhookDeliveryState,
  WebhookEvent,
  WebhookMessageType,
  WebhookScope,
} from '@reelmill/shared/contracts/webhooks.ts';
import {
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  Model,
  type NonAttribute,
} from 'sequelize';
import type { Verdict } from '../state/taskState.ts';

// The rows of the database as classes; models.ts binds them to a connection.

export class UserRow extends Model<InferAttributes<UserRow>, InferCreationAttributes<UserRow>> {
  declare id: CreationOptional<number>;
  declare email: string;
  declare nickname: string;
  declare passwordHash: string;
  declare role: Role;
  declare disabledAt: Date | null;
  /** Null is the configured default, -1 no limit. */
  declare quotaBytes: CreationOptional<number | null>;
  declare quotaVideos: CreationOptional<number | null>;
  declare quotaRunningTasks: CreationOptional<number | null>;
  declare quotaQueuedMinutes: CreationOptional<number | null>;
  declare quotaDailyMinutes: CreationOptional<number | null>;
  /** Counts how often all sessions were ended at once; an access token of an earlier epoch is void. */
  declare sessionEpoch: CreationOptional<number>;
  /** Somebody else knows the password: an admin chose it, or it was made for the user. */
  declare passwordTemporary: CreationOptional<boolean>;
  declare createdAt: CreationOptional<Date>;
  declare updatedAt: CreationOptional<Date>;
}

/** A refresh token; only its SHA-256 is kept. Tokens that follow each other share a family, revoked as one. */
export class RefreshTokenRow extends Model<
  InferAttributes<RefreshTokenRow>,
  InferCreationAttributes<RefreshTokenRow>
> {
  declare id: CreationOptional<number>;
  declare userId: number;
  declare family: string;
  declare tokenHash: string;
  declare expiresAt: Date;
  declare usedAt: Date | null;
  declare revokedAt: Date | null;
  declare createdAt: CreationOptional<Date>;
}

/** Something that an account was logged in from: its `fingerprint` is a keyed hash of a device token or a network. */
export class KnownDeviceRow extends Model<
  InferAttributes<KnownDeviceRow>,
  InferCreationAttributes<KnownDeviceRow>
> {
  declare id: CreationOptional<number>;
  declare userId: number;
  declare kind: 'token' | 'network';
  declare fingerprint: string;
  declare lastUsedAt: Date;
  declare expiresAt: Date;
}

/** Failed logins of one account, address or device within a window. */
export class LoginAttemptRow extends Model<
  InferAttributes<LoginAttemptRow>,
  InferCreationAttributes<LoginAttemptRow>
> {
  declare subject: string;
  /** Those that are under way are counted until they succeed. */
  declare failures: number;
  /** How many of them are under way. */
  declare pending: CreationOptional<number>;
  declare windowEndsAt: Date;
  /** When the next attempt may be made; null until one was refused. */
  declare retryAt: CreationOptional<Date | null>;
}

export class VideoRow extends Model<InferAttributes<VideoRow>, InferCreationAttributes<VideoRow>> {
  declare id: CreationOptional<number>;
  declare userId: number;
  declare title: string;
  declare description: string;
  declare visibility: Visibility;
  /**
   * Part of every signature of its links; another one revokes them all. 0 before the first revocation, then a random
   * number: after a database was restored, a counter would bring revoked links back to life.
   */
  declare linkVersion: CreationOptional<number>;
  /** What the link of an unlisted video carries; null for all others. */
  declare linkToken: CreationOptional<string | null>;
  /** When the upgrade found it unlisted, by its number alone; null since its link or visibility changed. */
  declare legacyLinkSince: CreationOptional<Date | null>;
  declare status: VideoStatus;
  /** Rank of its tasks against those of other videos; see `PRIORITY_RANKS`. */
  declare priority: CreationOptional<number>;
  declare phase: VideoPhase | null;
  /** Percent, 0..100. */
  declare progress: number;
  declare playable: boolean;
  declare fileName: string;
  declare contentType: string | null;
  declare sizeBytes: number | null;
  declare sourceKey: string;
  /** Where its objects lie under `raw/` and `processed/`; null for its number alone. See `videoFolder`. */
  declare objectFolder: CreationOptional<string | null>;
  /** Which content of the source was accepted; null before that, and for videos of earlier versions. */
  declare sourceEtag: CreationOptional<string | null>;
  declare sourceLastModified: CreationOptional<Date | null>;
  /** The key that its single PUT goes to, and when its URL and what came late through it are over. */
  declare putKey: CreationOptional<string | null>;
  declare putEndsAt: CreationOptional<Date | null>;
  /** The client's digest of the file it came of, where it told one. */
  declare fingerprint: CreationOptional<string | null>;
  declare durationSeconds: number | null;
  declare width: number | null;
  declare height: number | null;
  declare frameRate: number | null;
  declare coverKey: string | null;
  declare storyboardKey: string | null;
  declare plan: EncodePlan | null;
  /** Counts plans; 0 before the first. */
  declare planVersion: number;
  declare errorCode: ErrorCode | null;
  declare errorMessage: string | null;
  declare errorDiagnostics: string | null;
  /** What its owner is told of the current transcode; null for nothing. */
  declare notices: CreationOptional<NoticeFacts[] | null>;
  declare transcodeStartedAt: Date | null;
  declare onlineAt: Date | null;
  /** Since when the source is not kept any more; a video that is online plays without it. */
  declare sourceRemovedAt: CreationOptional<Date | null>;
  /** Set first when a video is deleted; its objects and then its row go afterwards. */
  declare deletedAt: Date | null;
  /** When the objects of a deleted video are removed next; whoever holds a signed URL may have written some more. */
  declare purgeAfter: Date | null;
  /** When it is looked for objects that a video which has ended has no use for; null while there cannot be any. */
  declare cleanAfter: CreationOptional<Date | null>;
  /** Only where a query includes it. */
  declare owner?: NonAttribute<UserRow>;
  declare createdAt: CreationOptional<Date>;
  declare updatedAt: CreationOptional<Date>;
}

/**
 * An upload that is not complete. A single PUT has neither `partSizeBytes` nor `storeUploadId`; a multipart upload
 * lacks the latter until the store has opened it.
 */
export class UploadRow extends Model<InferAttributes<UploadRow>, InferCreationAttributes<UploadRow>> {
  declare videoId: number;
  declare userId: number;
  declare storeUploadId: string | null;
  declare sizeBytes: number | null;
  declare partSizeBytes: number | null;
  declare partCount: number | null;
  declare fingerprint: string | null;
  declare lastModifiedMs: number | null;
  declare expiresAt: Date;
  declare createdAt: CreationOptional<Date>;
}

export class VideoSourceRow extends Model<
  InferAttributes<VideoSourceRow>,
  InferCreationAttributes<VideoSourceRow>
> {
  declare id: CreationOptional<number>;
  declare videoId: number;
  declare quality: string;
  declare format: 'HLS';
  /** Key of the rendition's playlist. */
  declare key: string;
  declare width: number;
  declare height: number;
  declare frameRate: number;
  declare bandwidth: number;
  declare averageBandwidth: number;
  declare codecs: string;
}

/** One unit of work: plan, outbox and ledger in one. pending → queued → running → done | failed | canceled. */
export class TaskRow extends Model<InferAttributes<TaskRow>, InferCreationAttributes<TaskRow>> {
  declare id: CreationOptional<number>;
  declare videoId: number;
  declare planVersion: number;
  declare kind: TaskKind;
  /** Order within the video; lower goes first. */
  declare position: number;
  declare state: TaskState;
  declare spec: TaskSpec;
  declare result: TaskResult | null;
  /** Tries that ended in a retryable failure. */
  declare attempt: number;
  /** How often a worker said it began. */
  declare deliveries: number;
  /** How often ffmpeg or ffprobe died of it; not counted among the attempts. */
  declare programDeaths: CreationOptional<number>;
  /** How many leases in a row ended without a word of the worker; no attempts either. */
  declare lostLeases: CreationOptional<number>;
  /** How many tries a fault of the farm ended; no attempts either. */
  declare farmFaults: CreationOptional<number>;
  /** How many of those came out damaged. */
  declare damagedTries: CreationOptional<number>;
  /** When the first of the tries ended that were all lost or ended by the farm; null where the last one was not. */
  declare waitingSince: CreationOptional<Date | null>;
  /** What was said of the media so far; null for nothing. */
  declare verdicts: CreationOptional<readonly Verdict[] | null>;
  /** Whose try failed last; the next one is left to others. */
  declare failedWorkerId: CreationOptional<string | null>;
  /** How often in a row the next try was left to others. */
  declare declines: CreationOptional<number>;
  declare leaseToken: string | null;
  declare leaseExpiresAt: Date | null;
  declare availableAt: Date;
  declare workerId: string | null;
  /** Units as in the `progress` event. */
  declare unitsDone: number;
  declare unitsTotal: number;
  /** Segments that viewers see, of the try `listedTag`; see `listedSegments.ts`. */
  declare segmentsDone: number;
  /** Null where they have keys without a tag. */
  declare listedTag: CreationOptional<string | null>;
  /** A try whose segments are listed until another has them, and how many of them. */
  declare damagedTag: CreationOptional<string | null>;
  declare damagedSegments: CreationOptional<number>;
  declare speed: number | null;
  declare requestId: string | null;
  /** The W3C trace context in which the task was made; null where there were no traces. */
  declare traceparent: CreationOptional<string | null>;
  declare errorCode: ErrorCode | null;
  declare errorMessage: string | null;
  declare errorDiagnostics: string | null;
  declare startedAt: Date | null;
  declare finishedAt: Date | null;
  declare createdAt: CreationOptional<Date>;
  declare updatedAt: CreationOptional<Date>;
}

/** How much video of a user was planned, and when; outlives the video. */
export class TranscodeUsageRow extends Model<
  InferAttributes<TranscodeUsageRow>,
  InferCreationAttributes<TranscodeUsageRow>
> {
  declare id: CreationOptional<number>;
  declare userId: number;
  declare videoId: number;
  declare seconds: number;
  declare createdAt: Date;
}

export class WorkerRow extends Model<InferAttributes<WorkerRow>, InferCreationAttributes<WorkerRow>> {
  declare id: string;
  declare host: string;
  declare version: string;
  declare cpus: number;
  declare state: 'idle' | 'busy' | 'draining' | 'sick' | 'stopped';
  declare reason: string | null;
  declare taskId: number | null;
  declare startedAt: Date;
  declare lastSeenAt: Date;
  /** What an admin asked of it and it does not do yet, or must go on doing; null where nothing was asked. */
  declare wantedState: CreationOptional<'drained' | 'working' | null>;
  /** Null where the worker does not tell. */
  declare confinement: CreationOptional<ConfinementReport | null>;
  /** Null where the worker does not tell. */
  declare ffmpegVersion: CreationOptional<string | null>;
}

/** One entry of the audit log: who did what, and when. Written once and never changed. */
export class AuditRow extends Model<InferAttributes<AuditRow>, InferCreationAttributes<AuditRow>> {
  declare id: CreationOptional<number>;
  /** Null where nobody was logged in: the system itself, a command on the server, a failed login. */
  declare actorId: number | null;
  /** As it was then. */
  declare actorEmail: string | null;
  declare action: AuditAction;
  declare targetKind: AuditTargetKind | null;
  declare targetId: string | null;
  /** Never a secret. */
  declare details: AuditDetails;
  declare requestId: string | null;
  declare address: string | null;
  declare createdAt: CreationOptional<Date>;
}

/** Where somebody wants to be told of videos. */
export class WebhookEndpointRow extends Model<
  InferAttributes<WebhookEndpointRow>,
  InferCreationAttributes<WebhookEndpointRow>
> {
  declare id: CreationOptional<number>;
  declare userId: number;
  declare scope: WebhookScope;
  declare url: string;
  declare description: string;
  declare events: WebhookEvent[];
  /** `whsec_` and the key in base64: kept as it is, for every delivery is signed with it. */
  declare secret: string;
  /** Signs as well until `previousSecretEndsAt`, so that a receiver can change over in peace. */
  declare previousSecret: string | null;
  declare previousSecretEndsAt: Date | null;
  declare disabledAt: Date | null;
  declare disabledReason: string | null;
  /** When the first try failed since which none has succeeded. */
  declare failingSince: Date | null;
  declare createdAt: CreationOptional<Date>;
  declare updatedAt: CreationOptional<Date>;
}

/** One message for one endpoint: outbox and log in one. pending → delivered | given_up. */
export class WebhookDeliveryRow extends Model<
  InferAttributes<WebhookDeliveryRow>,
  InferCreationAttributes<WebhookDeliveryRow>
> {
  declare id: CreationOptional<number>;
  declare endpointId: number;
  declare messageId: string;
  declare type: WebhookMessageType;
  /** Not a reference: the log outlives the video. */
  declare videoId: number | null;
  /** The body, byte for byte as it is signed and sent. */
  declare payload: string;
  declare state: WebhookDeliveryState;
  declare attempts: number;
  /** When the next try is due; while a server makes one, when another may take it over. */
  declare nextAttemptAt: Date;
  /** Of the server that makes the current try; fences what a late one says. */
  declare claimToken: string | null;
  declare responseStatus: number | null;
  declare responseExcerpt: string | null;
  declare error: string | null;
  declare durationMs: number | null;
  declare deliveredAt: Date | null;
  declare createdAt: CreationOptional<Date>;
  declare updatedAt: CreationOptional<Date>;
}

/** When one of the retention jobs runs next, who runs it now, and what came of the last run. */
export class RetentionJobRow extends Model<
  InferAttributes<RetentionJobRow>,
  InferCreationAttributes<RetentionJobRow>
> {
  declare name: RetentionJobName;
  /** Where the next round goes on; 0 is the beginning. */
  declare position: CreationOptional<number>;
  declare nextRunAt: Date;
  declare leaseToken: CreationOptional<string | null>;
  declare leaseExpiresAt: CreationOptional<Date | null>;
  declare startedAt: CreationOptional<Date | null>;
  declare finishedAt: CreationOptional<Date | null>;
  declare triggerKind: CreationOptional<'schedule' | 'admin' | null>;
  declare result: CreationOptional<RetentionResult | null>;
  declare error: CreationOptional<string | null>;
  /** Why it removes nothing for now, under the settings of that moment; null where it may. */
  declare stop: CreationOptional<(RetentionStop & { settings: RetentionSettings }) | null>;
  declare allowance: CreationOptional<RetentionAllowance | null>;
  /** Those that a run went by to its end; null where none has. */
  declare settings: CreationOptional<RetentionSettings | null>;
}

/** What a job goes by, in numbers: a smaller one removes more; null is no limit, so nothing is removed for it. */
export type RetentionSettings = Record<string, number | null>;

/** The sign of life of the servers of one installation, by a clock that is trusted; there is one row. */
export class HeartbeatRow extends Model<
  InferAttributes<HeartbeatRow>,
  InferCreationAttributes<HeartbeatRow>
> {
  declare name: string;
  declare beatAt: CreationOptional<Date | null>;
  /** Why the clock of a server was not trusted since then. */
  declare clockDoubt: CreationOptional<string | null>;
  /** Until `graceUntil`, what lasts a number of days lasts as it did at `graceFrom`, before the servers were away. */
  declare graceFrom: CreationOptional<Date | null>;
  declare graceUntil: CreationOptional<Date | null>;
}
