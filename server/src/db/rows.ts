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
import type { Verdict } from '../state/retryPolicy.ts';

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
  /** Counts how often all sessions were ended at once; access tokens of earlier epochs are invalid. */
  declare sessionEpoch: CreationOptional<number>;
  /** Somebody else knows the password: an admin chose it, or it was generated. */
  declare passwordTemporary: CreationOptional<boolean>;
  declare createdAt: CreationOptional<Date>;
  declare updatedAt: CreationOptional<Date>;
}

/** A refresh token; only its SHA-256 is stored. The tokens of one session share a family, which is revoked as a whole. */
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

/** A device or network from which an account has logged in; `fingerprint` is a keyed hash of its token or address. */
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
  /** Includes attempts in progress, until they succeed. */
  declare failures: number;
  /** How many of them are in progress. */
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
   * Part of every signature of its links; a new one revokes them all. 0 before the first revocation, then a random
   * number: after a restore of the database, a counter could make revoked links valid again.
   */
  declare linkVersion: CreationOptional<number>;
  /** The token in the link of an unlisted video; null for all others. */
  declare linkToken: CreationOptional<string | null>;
  /** When the upgrade found it unlisted, with its number as the only link; null once its link or visibility has changed. */
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
  /** Folder of its objects below `raw/` and `processed/`; null: its number. See `videoFolder`. */
  declare objectFolder: CreationOptional<string | null>;
  /** Which content of the source was accepted; null before that, and for videos of earlier versions. */
  declare sourceEtag: CreationOptional<string | null>;
  declare sourceLastModified: CreationOptional<Date | null>;
  /** The key of its single PUT, and when neither its URL nor a late upload through it can write any more. */
  declare putKey: CreationOptional<string | null>;
  declare putEndsAt: CreationOptional<Date | null>;
  /** The client's fingerprint of the file, where it sent one. */
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
  /** Notices for its owner about the current transcode; null: none. */
  declare notices: CreationOptional<NoticeFacts[] | null>;
  declare transcodeStartedAt: Date | null;
  declare onlineAt: Date | null;
  /** When the source was removed; an online video plays without it. */
  declare sourceRemovedAt: CreationOptional<Date | null>;
  /** Set first when a video is deleted; its objects and then its row are removed afterwards. */
  declare deletedAt: Date | null;
  /** When the objects of a deleted video are removed next; a signed URL may still have written more. */
  declare purgeAfter: Date | null;
  /** When the next clean-up of stale objects is due; null while there cannot be any. */
  declare cleanAfter: CreationOptional<Date | null>;
  /** Only where the query includes it. */
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

/** One unit of work: plan, outbox and record of results. pending → queued → running → done | failed | canceled. */
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
  /** Attempts that ended in a retryable failure. */
  declare attempt: number;
  /** How often a worker reported `started`. */
  declare deliveries: number;
  /** How often ffmpeg or ffprobe died on it; not counted as attempts. */
  declare programDeaths: CreationOptional<number>;
  /** How many leases in a row expired without a report; not counted as attempts. */
  declare lostLeases: CreationOptional<number>;
  /** How many attempts a farm fault ended; not counted as attempts either. */
  declare farmFaults: CreationOptional<number>;
  /** How many of those had damaged output. */
  declare damagedTries: CreationOptional<number>;
  /** When the first of the latest attempts in a row that were lost or ended by farm faults ended; null: none in a row. */
  declare waitingSince: CreationOptional<Date | null>;
  /** Verdicts on the media so far; null: none. */
  declare verdicts: CreationOptional<readonly Verdict[] | null>;
  /** The worker whose attempt failed last; it leaves the next one to others. */
  declare failedWorkerId: CreationOptional<string | null>;
  /** How often in a row that worker left the next attempt to others. */
  declare declines: CreationOptional<number>;
  declare leaseToken: string | null;
  declare leaseExpiresAt: Date | null;
  declare availableAt: Date;
  declare workerId: string | null;
  /** Units as in the `progress` event. */
  declare unitsDone: number;
  declare unitsTotal: number;
  /** Segments that playlists list, of the attempt `listedTag`; see `listedSegments.ts`. */
  declare segmentsDone: number;
  /** Null where their keys have no tag. */
  declare listedTag: CreationOptional<string | null>;
  /** A damaged attempt whose segments are listed until another one has replaced them, and how many of them. */
  declare damagedTag: CreationOptional<string | null>;
  declare damagedSegments: CreationOptional<number>;
  declare speed: number | null;
  declare requestId: string | null;
  /** The W3C trace context in which the task was created; null without tracing. */
  declare traceparent: CreationOptional<string | null>;
  declare errorCode: ErrorCode | null;
  declare errorMessage: string | null;
  declare errorDiagnostics: string | null;
  declare startedAt: Date | null;
  declare finishedAt: Date | null;
  declare createdAt: CreationOptional<Date>;
  declare updatedAt: CreationOptional<Date>;
}

/** How much video of a user was planned, and when; kept after the video is deleted. */
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
  /** The desired state that an admin has set; null: none. */
  declare wantedState: CreationOptional<'drained' | 'working' | null>;
  /** Null where the worker does not report it. */
  declare confinement: CreationOptional<ConfinementReport | null>;
  /** Null where the worker does not report it. */
  declare ffmpegVersion: CreationOptional<string | null>;
}

/** One entry of the audit log: who did what, and when. Append-only. */
export class AuditRow extends Model<InferAttributes<AuditRow>, InferCreationAttributes<AuditRow>> {
  declare id: CreationOptional<number>;
  /** Null where nobody was logged in: the system, a command on the server, a failed login. */
  declare actorId: number | null;
  /** The address at that time. */
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

/** A URL that receives webhooks about videos. */
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
  /** `whsec_` and the key in base64; stored in plain text, since every delivery is signed with it. */
  declare secret: string;
  /** Also signs until `previousSecretEndsAt`, so that a receiver can switch without losing messages. */
  declare previousSecret: string | null;
  declare previousSecretEndsAt: Date | null;
  declare disabledAt: Date | null;
  declare disabledReason: string | null;
  /** When the first attempt failed since the last success; null after a success. */
  declare failingSince: Date | null;
  declare createdAt: CreationOptional<Date>;
  declare updatedAt: CreationOptional<Date>;
}

/** One message for one endpoint: outbox and log. pending → delivered | given_up. */
export class WebhookDeliveryRow extends Model<
  InferAttributes<WebhookDeliveryRow>,
  InferCreationAttributes<WebhookDeliveryRow>
> {
  declare id: CreationOptional<number>;
  declare endpointId: number;
  declare messageId: string;
  declare type: WebhookMessageType;
  /** No foreign key: the log outlives the video. */
  declare videoId: number | null;
  /** The body, exactly as it is signed and sent. */
  declare payload: string;
  declare state: WebhookDeliveryState;
  declare attempts: number;
  /** When the next attempt is due; during an attempt, when another server may take it over. */
  declare nextAttemptAt: Date;
  /** Token of the server that makes the current attempt; fences late results. */
  declare claimToken: string | null;
  declare responseStatus: number | null;
  declare responseExcerpt: string | null;
  declare error: string | null;
  declare durationMs: number | null;
  declare deliveredAt: Date | null;
  declare createdAt: CreationOptional<Date>;
  declare updatedAt: CreationOptional<Date>;
}

/** When a retention job runs next, the lock of the server that runs it, and the result of the last run. */
export class RetentionJobRow extends Model<
  InferAttributes<RetentionJobRow>,
  InferCreationAttributes<RetentionJobRow>
> {
  declare name: RetentionJobName;
  /** Where the next run continues; 0 is the beginning. */
  declare position: CreationOptional<number>;
  declare nextRunAt: Date;
  declare leaseToken: CreationOptional<string | null>;
  declare leaseExpiresAt: CreationOptional<Date | null>;
  declare startedAt: CreationOptional<Date | null>;
  declare finishedAt: CreationOptional<Date | null>;
  declare triggerKind: CreationOptional<'schedule' | 'admin' | null>;
  declare result: CreationOptional<RetentionResult | null>;
  declare error: CreationOptional<string | null>;
  /** Why it removes nothing for now, and the settings at that moment; null where it may remove. */
  declare stop: CreationOptional<(RetentionStop & { settings: RetentionSettings }) | null>;
  declare allowance: CreationOptional<RetentionAllowance | null>;
  /** The settings of the last complete run; null: none yet. */
  declare settings: CreationOptional<RetentionSettings | null>;
}

/** The settings of a job as numbers: a smaller one removes more; null: no limit, so the setting removes nothing. */
export type RetentionSettings = Record<string, number | null>;

/** The heartbeat of the servers of one installation, by a trusted clock; there is one row. */
export class HeartbeatRow extends Model<
  InferAttributes<HeartbeatRow>,
  InferCreationAttributes<HeartbeatRow>
> {
  declare name: string;
  declare beatAt: CreationOptional<Date | null>;
  /** Why the clock of a server has not been trusted since then; null where it is. */
  declare clockDoubt: CreationOptional<string | null>;
  /** Until `graceUntil`, retention measures ages as of `graceFrom`, when the servers stopped. */
  declare graceFrom: CreationOptional<Date | null>;
  declare graceUntil: CreationOptional<Date | null>;
}
