import { EventEmitter } from 'node:events';

/**
 * Notices within one server process. The truth is in the database, and everyone also looks there by itself from time
 * to time; a notice only makes that happen at once.
 */
export class FarmSignals {
  readonly #emitter = new EventEmitter<{
    tasks_waiting: [];
    video_changed: [number];
    account_changed: [number];
  }>().setMaxListeners(0);

  /** To be called after the commit of a transaction that made tasks pending. */
  tasksWaiting(): void {
    this.#emitter.emit('tasks_waiting');
  }

  /** To be called after the commit of a transaction that changed what a client sees of a video. */
  videoChanged(videoId: number): void {
    this.#emitter.emit('video_changed', videoId);
  }

  /** To be called after the commit of a transaction that changed what an account may do, or ended its sessions. */
  accountChanged(userId: number): void {
    this.#emitter.emit('account_changed', userId);
  }

  /** Answers the function that ends the listening. */
  onTasksWaiting(listener: () => void): () => void {
    this.#emitter.on('tasks_waiting', listener);
    return () => this.#emitter.off('tasks_waiting', listener);
  }

  /** Answers the function that ends the listening. */
  onVideoChanged(listener: (videoId: number) => void): () => void {
    this.#emitter.on('video_changed', listener);
    return () => this.#emitter.off('video_changed', listener);
  }

  /** Answers the function that ends the listening. */
  onAccountChanged(listener: (userId: number) => void): () => void {
    this.#emitter.on('account_changed', listener);
    return () => this.#emitter.off('account_changed', listener);
  }
}
