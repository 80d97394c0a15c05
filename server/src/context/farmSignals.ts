import { EventEmitter } from 'node:events';

/**
 * Signals between the services of one server process. The truth is in the database, which every service also polls; a
 * signal only makes the next poll happen at once.
 */
export class FarmSignals {
  readonly #emitter = new EventEmitter<{
    tasks_waiting: [];
    video_changed: [number];
    account_changed: [number];
  }>().setMaxListeners(0);

  /** Call it after the commit of a transaction that made tasks pending. */
  tasksWaiting(): void {
    this.#emitter.emit('tasks_waiting');
  }

  /** Call it after the commit of a transaction that changed what a client sees of a video. */
  videoChanged(videoId: number): void {
    this.#emitter.emit('video_changed', videoId);
  }

  /** Call it after the commit of a transaction that changed what an account may do, or ended its sessions. */
  accountChanged(userId: number): void {
    this.#emitter.emit('account_changed', userId);
  }

  /** Returns a function that removes the listener. */
  onTasksWaiting(listener: () => void): () => void {
    this.#emitter.on('tasks_waiting', listener);
    return () => this.#emitter.off('tasks_waiting', listener);
  }

  /** Returns a function that removes the listener. */
  onVideoChanged(listener: (videoId: number) => void): () => void {
    this.#emitter.on('video_changed', listener);
    return () => this.#emitter.off('video_changed', listener);
  }

  /** Returns a function that removes the listener. */
  onAccountChanged(listener: (userId: number) => void): () => void {
    this.#emitter.on('account_changed', listener);
    return () => this.#emitter.off('account_changed', listener);
  }
}
