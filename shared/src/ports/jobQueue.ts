import type { DeadLetter } from '../contracts/admin.ts';
import type { ControlMessage, TaskMessage, WorkerEvent } from '../contracts/tasks.ts';

/** What a handler decided about its message: acknowledge it, requeue it, or move it to the dead letters. */
export type Disposition = 'ack' | 'requeue' | 'dead_letter';

/** A running consumer. `stop` takes no further message and resolves when the handler in progress has ended. */
export interface Consumer {
  stop(): Promise<void>;
}

export interface QueueDepth {
  /** Tasks that wait for a worker. */
  ready: number;
  /** Workers that take tasks. */
  consumers: number;
  deadLetters: number;
}

/** The oldest dead letters, or of those with one of these ids. */
export interface DeadLetterChoice {
  limit: number;
  ids?: readonly string[] | undefined;
}

/**
 * Delivery between server and workers; never the truth, which is in the database. Messages are validated by the
 * driver on both sides; one that does not parse goes to the dead letters by itself. A lost connection is made again
 * by the driver: consumers continue, publishing fails with `unavailable` meanwhile.
 */
export interface JobQueue {
  /** Whether messages outlive the process; where they do not, a starting server plans every unfinished task anew. */
  readonly durable: boolean;
  /** Resolves when the broker has the message safely; throws `unavailable` (retryable) otherwise. */
  publishTask(message: TaskMessage): Promise<void>;
  /** Takes one task at a time (prefetch 1); the message is acknowledged or requeued when the handler has resolved. */
  consumeTasks(
    handler: (message: TaskMessage, delivery: { redelivered: boolean }) => Promise<Disposition>,
  ): Promise<Consumer>;
  /** `started`, `done`, `failed` and `released` are confirmed and durable; heartbeats and progress may be lost. */
  publishEvent(event: WorkerEvent): Promise<void>;
  /** Events come in order for each worker; several servers share them. */
  consumeEvents(handler: (event: WorkerEvent) => Promise<Disposition>): Promise<Consumer>;
  /** Sends to every worker that listens now; no other gets it later. */
  broadcast(message: ControlMessage): Promise<void>;
  onControl(handler: (message: ControlMessage) => void): Promise<Consumer>;
  depth(): Promise<QueueDepth>;
  /** Returns dead letters without taking them. */
  peekDeadLetters(limit: number): Promise<DeadLetter[]>;
  /** Puts dead letters back into the queues they came from. Returns how many. */
  replayDeadLetters(choice: DeadLetterChoice): Promise<number>;
  /** Removes dead letters for good. Returns how many. */
  discardDeadLetters(choice: DeadLetterChoice): Promise<number>;
  /** Throws `unavailable` while there is no connection. */
  check(): Promise<void>;
  close(): Promise<void>;
}
