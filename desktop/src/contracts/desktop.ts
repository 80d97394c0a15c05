import { errorCodeSchema } from '@reelmill/shared/contracts/errors.ts';
import { LIMITS } from '@reelmill/shared/contracts/limits.ts';
import { text } from '@reelmill/shared/contracts/text.ts';
import { roleSchema } from '@reelmill/shared/contracts/users.ts';
import {
  videoPhaseSchema,
  videoStatusSchema,
  waitingReasonSchema,
} from '@reelmill/shared/contracts/videos.ts';
import { z } from 'zod';

/** States and transitions are defined in `desktop/src/engine/record/uploadStates.ts`. */
export const uploadStateSchema = z.enum([
  'waiting',
  'fingerprinting',
  'uploading',
  'completing',
  'processing',
  'paused',
  'failed',
  'online',
  'canceled',
]);
export type UploadState = z.infer<typeof uploadStateSchema>;

/** What failed: the upload, the transcode in the farm, or only the view of it from here. */
export const failureStageSchema = z.enum(['upload', 'transcode', 'follow']);
export type FailureStage = z.infer<typeof failureStageSchema>;

/** `duplicateOf` is the video that the same file became earlier, where that is the reason. */
export const uploadFailureSchema = z.object({
  stage: failureStageSchema,
  code: errorCodeSchema,
  message: z.string(),
  duplicateOf: z.object({ videoId: z.int(), title: z.string() }).nullable(),
});
export type UploadFailure = z.infer<typeof uploadFailureSchema>;

/** What is known of the video after its upload; `progress` is a percentage. */
export const videoProgressSchema = z.object({
  status: videoStatusSchema,
  phase: videoPhaseSchema.nullable(),
  progress: z.number(),
  etaSeconds: z.number().nullable(),
  playable: z.boolean(),
  watchUrl: z.string(),
  /** Why it cannot go on now; entries of earlier versions do not know. */
  waitingFor: waitingReasonSchema.nullable().default(null),
});
export type VideoProgress = z.infer<typeof videoProgressSchema>;

/** A call that went wrong and is made again by itself after `waitMs`. */
export const retryNoticeSchema = z.object({
  code: errorCodeSchema,
  message: z.string(),
  attempt: z.int(),
  waitMs: z.number(),
});

/** Everything there is to show about one upload, at one moment. */
export const uploadSnapshotSchema = z.object({
  id: z.string(),
  path: z.string(),
  fileName: z.string(),
  title: z.string().nullable(),
  state: uploadStateSchema,
  videoId: z.int().nullable(),
  /** Null until the file has been looked at. */
  sizeBytes: z.number().nullable(),
  /** What the store has confirmed. */
  acknowledgedBytes: z.number(),
  /** What the store has confirmed, and what is on its way to it. */
  sentBytes: z.number(),
  /** What was in the store when the upload was resumed. */
  keptBytes: z.number(),
  bytesPerSecond: z.number().nullable(),
  etaSeconds: z.number().nullable(),
  /** How often the upload began anew because the file had changed or the upload was gone. */
  restarts: z.int(),
  /** Null as soon as something moves again. */
  retrying: retryNoticeSchema.nullable(),
  failure: uploadFailureSchema.nullable(),
  video: videoProgressSchema.nullable(),
});
export type UploadSnapshot = z.infer<typeof uploadSnapshotSchema>;

/** What changed in the queue since the last message; `order` names all ids, and is null where it is as it was. */
export const queueChangeSchema = z.object({
  changed: z.array(uploadSnapshotSchema),
  removed: z.array(z.string()),
  order: z.array(z.string()).nullable(),
});
export type QueueChange = z.infer<typeof queueChangeSchema>;

/** What a file that is not taken is, as far as it is known. */
export const refusedKindSchema = z.enum([
  'picture',
  'sound',
  'document',
  'archive',
  'program',
  'playlist',
  'text',
  'unfinishedDownload',
  'emptyFolder',
  'otherName',
  'unknown',
]);
export type RefusedKind = z.infer<typeof refusedKindSchema>;

/** A file that was offered and not taken, and why. `kind` goes with `unsupported_file`. */
export const refusedFileSchema = z.object({
  path: z.string(),
  code: errorCodeSchema,
  message: z.string(),
  kind: refusedKindSchema.optional(),
});
export type RefusedFile = z.infer<typeof refusedFileSchema>;

export const intakeResultSchema = z.object({
  added: z.array(z.string()),
  /** Files that are in the queue already. */
  known: z.int(),
  refused: z.array(refusedFileSchema),
});
export type IntakeResult = z.infer<typeof intakeResultSchema>;

/** Why nothing goes on before somebody signs in again. */
export const sessionEndSchema = errorCodeSchema.extract([
  'unauthorized',
  'token_expired',
  'refresh_token_invalid',
  'refresh_token_reused',
  'account_disabled',
]);
export type SessionEnd = z.infer<typeof sessionEndSchema>;

/** Who uses the app. `ended` is why nobody does any more, where the server has ended the session. */
export const sessionStateSchema = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('signedOut'),
    serverUrl: z.string().nullable(),
    ended: sessionEndSchema.nullable(),
  }),
  z.object({
    status: z.literal('signedIn'),
    serverUrl: z.string(),
    userId: z.int(),
    email: z.string(),
    nickname: z.string(),
    role: roleSchema,
    /** Somebody else knows the password, so its owner should choose another. */
    passwordTemporary: z.boolean(),
  }),
]);
export type SessionState = z.infer<typeof sessionStateSchema>;

const timeOfDaySchema = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as 08:30');
/** Bytes per second for all uploads together; null is no limit. */
export const rateLimitSchema = z
  .int()
  .min(16 * 1024)
  .nullable();

/** Between `from` and `to` of the local time (over midnight where `to` is earlier) `bytesPerSecond` takes the place of the limit. */
export const rateScheduleSchema = z.object({
  enabled: z.boolean(),
  from: timeOfDaySchema,
  to: timeOfDaySchema,
  bytesPerSecond: rateLimitSchema,
});

export const LANGUAGES = ['en', 'zh-CN'] as const;
export const languageSchema = z.enum(LANGUAGES);
export type Language = z.infer<typeof languageSchema>;

export const settingsSchema = z.object({
  language: z.enum(['system', ...LANGUAGES]),
  theme: z.enum(['system', 'light', 'dark']),
  fileConcurrency: z.int().min(1).max(8),
  bytesPerSecond: rateLimitSchema,
  schedule: rateScheduleSchema,
  watchFolder: z.object({ enabled: z.boolean(), path: z.string().nullable() }),
  notifications: z.boolean(),
  /** Whether closing the window leaves the app in the tray. */
  keepInTray: z.boolean(),
  openAtLogin: z.boolean(),
  /** Whether the session outlives the app; otherwise it is kept in memory alone. */
  staySignedIn: z.boolean(),
});
export type Settings = z.infer<typeof settingsSchema>;

export const DEFAULT_APP_SETTINGS: Settings = {
  language: 'system',
  theme: 'system',
  fileConcurrency: 2,
  bytesPerSecond: null,
  schedule: { enabled: false, from: '09:00', to: '18:00', bytesPerSecond: 2 * 1024 * 1024 },
  watchFolder: { enabled: false, path: null },
  notifications: true,
  keepInTray: true,
  openAtLogin: false,
  staySignedIn: true,
};

export const settingsPatchSchema = settingsSchema.partial();
export type SettingsPatch = z.infer<typeof settingsPatchSchema>;

/**
 * How it stands with the watch folder. A folder that is `missing` or `unreadable` is looked for again and again; `off`
 * is one that is not to be watched, and any while nobody is signed in.
 */
export const watchStateSchema = z.object({
  status: z.enum(['off', 'starting', 'watching', 'missing', 'unreadable']),
});
export type WatchState = z.infer<typeof watchStateSchema>;

/**
 * `off` where no update server is configured, `available` where a new version is there that this build may not install
 * by itself, `refused` where what is there is not signed by the makers.
 */
export const updateStateSchema = z.object({
  status: z.enum(['off', 'idle', 'checking', 'available', 'downloading', 'ready', 'refused', 'failed']),
  version: z.string().nullable(),
  message: z.string().nullable(),
});
export type UpdateState = z.infer<typeof updateStateSchema>;

/**
 * How this computer can keep a session: encrypted with a key of the system's keyring, in a file that only its user can
 * read and that is not encrypted, or not at all.
 */
export const sessionStorageSchema = z.enum(['keyring', 'plain', 'memory']);
export type SessionStorage = z.infer<typeof sessionStorageSchema>;

/** `language` is the one that is shown, after the system's was looked up. */
export const appInfoSchema = z.object({
  version: z.string(),
  platform: z.string(),
  language: languageSchema,
  sessionStorage: sessionStorageSchema,
});
export type AppInfo = z.infer<typeof appInfoSchema>;

export const VIEWS = ['queue', 'library', 'farm', 'settings'] as const;
export const viewSchema = z.enum(VIEWS);
export type View = z.infer<typeof viewSchema>;

export const titleSchema = text({ min: 1, max: LIMITS.titleCharacters });
