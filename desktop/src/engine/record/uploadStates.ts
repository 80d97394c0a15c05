import type { UploadState } from '../../contracts/desktop.ts';

/**
 * The life of one upload.
 *
 *   waiting ──► fingerprinting ──► uploading ──► completing ──► processing ──► online
 *      ▲              │  ▲            │  ▲           │              │
 *      │              │  └────────────┴──┼───────────┤              ├──► failed, canceled
 *      │              ▼   file changed   └───────────┘              │
 *   paused ◄──── (pause, from anything that runs)  parts missing    ▼
 *   failed ────► waiting or processing (retry)                   (processed by the server from here on)
 *
 * `fingerprinting` also covers finding an earlier upload of the file and verifying the parts that the store has of it.
 * Whatever is being sent may be requeued (`waiting`): when the machine sleeps, or fewer files are to be sent at once.
 * `processing` is the last state of an upload whose video is not followed. `online` and `canceled` are final.
 */
export const UPLOAD_TRANSITIONS = {
  waiting: ['fingerprinting', 'paused', 'failed', 'canceled'],
  fingerprinting: ['uploading', 'completing', 'processing', 'waiting', 'paused', 'failed', 'canceled'],
  uploading: ['completing', 'fingerprinting', 'waiting', 'paused', 'failed', 'canceled'],
  completing: ['processing', 'uploading', 'fingerprinting', 'waiting', 'paused', 'failed', 'canceled'],
  processing: ['online', 'failed', 'canceled'],
  paused: ['waiting', 'failed', 'canceled'],
  failed: ['waiting', 'processing', 'canceled'],
  online: [],
  canceled: [],
} as const satisfies Record<UploadState, readonly UploadState[]>;

export function canMove(from: UploadState, to: UploadState): boolean {
  const targets: readonly UploadState[] = UPLOAD_TRANSITIONS[from];
  return targets.includes(to);
}

/** Whether an upload in this state takes a slot: whether its file is being sent. */
export function takesSlot(state: UploadState): state is 'fingerprinting' | 'uploading' | 'completing' {
  return state === 'fingerprinting' || state === 'uploading' || state === 'completing';
}

/** Whether nothing more happens without a command of the user. */
export function isFinished(state: UploadState): boolean {
  return state === 'online' || state === 'failed' || state === 'canceled';
}
