import {
  deadLetterListSchema,
  farmSchema,
  farmWorkerSchema,
  replayResponseSchema,
} from '@reelmill/shared/contracts/admin.ts';
import { errorCodeSchema } from '@reelmill/shared/contracts/errors.ts';
import {
  retentionAllowRequestSchema,
  retentionAllowResponseSchema,
} from '@reelmill/shared/contracts/retention.ts';
import { serverInfoSchema } from '@reelmill/shared/contracts/server.ts';
import { emailSchema, newPasswordSchema, registerRequestSchema } from '@reelmill/shared/contracts/users.ts';
import {
  videoDetailSchema,
  videoListQuerySchema,
  videoListSchema,
  videoSchema,
  videoUpdateSchema,
} from '@reelmill/shared/contracts/videos.ts';
import { z } from 'zod';
import {
  appInfoSchema,
  intakeResultSchema,
  queueChangeSchema,
  sessionStateSchema,
  settingsPatchSchema,
  settingsSchema,
  titleSchema,
  updateStateSchema,
  uploadSnapshotSchema,
  viewSchema,
  watchStateSchema,
} from './desktop.ts';

/*
 * What the renderer may request of the main process, and what it receives. Nothing else crosses between them: no bytes of
 * files, no tokens, no Electron objects. The main process validates the arguments of every call.
 */

const nothing = z.undefined();
const uploadId = z.string().min(1).max(40);
const uploadIds = z.object({ ids: z.array(uploadId).min(1).max(100_000) });
const videoId = z.object({ videoId: z.int().positive() });
const serverUrl = z.string().trim().min(1).max(2_000);
const filePath = z.string().min(1).max(32_767);

/** A call: its arguments and its result. */
interface CallDefinition {
  args: z.ZodType;
  result: z.ZodType;
}

export const IPC_CALLS = {
  'app.info': { args: nothing, result: appInfoSchema },
  /** Opens an http(s) address in the system's browser. */
  'app.openLink': { args: z.object({ url: z.url({ protocol: /^https?$/ }) }), result: nothing },
  'app.copyText': { args: z.object({ text: z.string().min(1).max(10_000) }), result: nothing },
  'app.quit': { args: nothing, result: nothing },

  'session.get': { args: nothing, result: sessionStateSchema },
  /** Returns the Reelmill server at an address, with the address to store. */
  'session.probe': {
    args: z.object({ serverUrl }),
    result: z.object({ serverUrl: z.string(), info: serverInfoSchema }),
  },
  'session.signIn': {
    args: z.object({ serverUrl, email: emailSchema, password: z.string().min(1).max(200) }),
    result: sessionStateSchema,
  },
  /** Makes an account and signs in with it. */
  'session.register': {
    args: z.object({ serverUrl, account: registerRequestSchema }),
    result: sessionStateSchema,
  },
  /** Signs the account out everywhere else. */
  'session.changePassword': {
    args: z.object({ current: z.string().min(1).max(200), next: newPasswordSchema }),
    result: sessionStateSchema,
  },
  'session.signOut': { args: nothing, result: sessionStateSchema },

  'queue.list': { args: nothing, result: z.array(uploadSnapshotSchema) },
  /** Files and folders; folders are searched for videos. */
  'queue.add': {
    args: z.object({ paths: z.array(filePath).min(1).max(10_000) }),
    result: intakeResultSchema,
  },
  /** Lets the user choose; nothing is added where the dialog is closed. */
  'queue.pick': { args: z.object({ what: z.enum(['files', 'folder']) }), result: intakeResultSchema },
  'queue.pause': { args: uploadIds, result: nothing },
  'queue.resume': { args: uploadIds, result: nothing },
  'queue.cancel': { args: uploadIds, result: nothing },
  'queue.retry': { args: uploadIds, result: nothing },
  /** Uploads a file although the server has a video of it. */
  'queue.uploadAnyway': { args: uploadIds, result: nothing },
  'queue.remove': { args: uploadIds, result: nothing },
  'queue.clearFinished': { args: nothing, result: nothing },
  /** To another place of the queue; 0 is the first. */
  'queue.move': { args: z.object({ id: uploadId, index: z.int().min(0) }), result: nothing },
  'queue.rename': { args: z.object({ id: uploadId, title: titleSchema }), result: nothing },
  /** Lets the user show where a file has gone; false where the dialog was closed. */
  'queue.relocate': { args: z.object({ id: uploadId }), result: z.boolean() },
  'queue.showInFolder': { args: z.object({ id: uploadId }), result: nothing },

  'library.list': { args: videoListQuerySchema, result: videoListSchema },
  'library.get': { args: videoId, result: videoDetailSchema },
  'library.update': {
    args: z.object({ videoId: z.int().positive(), patch: videoUpdateSchema }),
    result: videoSchema,
  },
  'library.delete': { args: videoId, result: nothing },
  'library.retry': { args: videoId, result: nothing },
  'library.cancel': { args: videoId, result: nothing },
  /** Puts the link on the clipboard; a private video becomes unlisted. */
  'library.copyLink': { args: videoId, result: z.object({ url: z.string(), madeUnlisted: z.boolean() }) },
  /** Revokes the links to a video; the new one of an unlisted video is put on the clipboard. */
  'library.renewLink': { args: videoId, result: videoSchema },

  'farm.get': { args: nothing, result: farmSchema },
  'farm.deadLetters': { args: nothing, result: deadLetterListSchema },
  'farm.replay': { args: nothing, result: replayResponseSchema },
  'farm.controlWorker': {
    args: z.object({ workerId: z.string().min(1).max(100), action: z.enum(['drain', 'resume']) }),
    result: farmWorkerSchema,
  },
  'farm.allowJob': { args: retentionAllowRequestSchema, result: retentionAllowResponseSchema },

  'settings.get': { args: nothing, result: settingsSchema },
  'settings.set': { args: settingsPatchSchema, result: settingsSchema },
  /** Lets the user choose the watch folder and returns all settings. */
  'settings.pickWatchFolder': { args: nothing, result: settingsSchema },

  'watchFolder.get': { args: nothing, result: watchStateSchema },

  'updates.get': { args: nothing, result: updateStateSchema },
  'updates.check': { args: nothing, result: updateStateSchema },
  'updates.install': { args: nothing, result: nothing },
} as const satisfies Record<string, CallDefinition>;

export type IpcCall = keyof typeof IPC_CALLS;
export type IpcArgs<Call extends IpcCall> = z.input<(typeof IPC_CALLS)[Call]['args']>;
export type IpcResult<Call extends IpcCall> = z.output<(typeof IPC_CALLS)[Call]['result']>;

/** The events that the main process sends to the renderer. */
export const IPC_EVENTS = {
  'session.changed': sessionStateSchema,
  'queue.changed': queueChangeSchema,
  /** What became of files that came another way than from the window: the menu, a second start, the system. */
  'queue.intake': intakeResultSchema,
  'settings.changed': settingsSchema,
  'watchFolder.changed': watchStateSchema,
  'updates.changed': updateStateSchema,
  /** Somebody chose something in the tray, the menu or a notification. */
  'app.navigate': z.object({ view: viewSchema, videoId: z.int().nullable() }),
} as const satisfies Record<string, z.ZodType>;

export type IpcEvent = keyof typeof IPC_EVENTS;
export type IpcPayload<Event extends IpcEvent> = z.output<(typeof IPC_EVENTS)[Event]>;

/** How a call comes back: a rejection would lose its code on the way. */
export const ipcReplySchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({
    ok: z.literal(false),
    error: z.object({
      code: errorCodeSchema,
      message: z.string(),
      /** Where the server said how long to wait before the next attempt. */
      retryAfterSeconds: z.number().optional(),
    }),
  }),
]);
export type IpcReply = z.infer<typeof ipcReplySchema>;

/** What the preload script puts on `window.reelmill`. */
export interface IpcBridge {
  call(call: IpcCall, args: unknown): Promise<IpcReply>;
  /** Returns a function that ends the subscription. */
  on(event: IpcEvent, listener: (payload: unknown) => void): () => void;
  /** Where a dropped file is; empty for what is no file of the disk. */
  pathOf(file: File): string;
}
