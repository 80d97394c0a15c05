import type { UploadSnapshot } from '@reelmill/desktop/contracts/desktop.ts';

/** An upload that waits in the queue, of which nothing was sent yet, with these facts in place of the usual ones. */
export function makeUploadSnapshot(id: string, facts: Partial<UploadSnapshot> = {}): UploadSnapshot {
  return {
    id,
    path: `/films/${id}.mp4`,
    fileName: `${id}.mp4`,
    title: null,
    state: 'waiting',
    videoId: null,
    sizeBytes: 1_000,
    acknowledgedBytes: 0,
    sentBytes: 0,
    keptBytes: 0,
    bytesPerSecond: null,
    etaSeconds: null,
    restarts: 0,
    retrying: null,
    failure: null,
    video: null,
    ...facts,
  };
}
