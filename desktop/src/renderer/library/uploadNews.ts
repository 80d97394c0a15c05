import type { UploadState } from '../../contracts/desktop.ts';
import { on } from '../ipc/bridge.ts';

/** States that the library shows too. */
const SHOWN: ReadonlySet<UploadState> = new Set(['processing', 'online', 'failed', 'canceled']);

/** Calls `onNews` when an upload has become a video, or its video has changed state. Returns a function that ends it. */
export function followUploads(onNews: () => void): () => void {
  const states = new Map<string, UploadState>();
  return on('queue.changed', ({ changed, removed }) => {
    let isNews = false;
    for (const { id, state, videoId } of changed) {
      isNews ||= videoId !== null && SHOWN.has(state) && states.get(id) !== state;
      states.set(id, state);
    }
    for (const id of removed) states.delete(id);
    if (isNews) onNews();
  });
}
