import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { withTimeout } from '@reelmill/shared/runtime/timeout.ts';

/** How long closing may take; the journals have whatever is not closed by then. */
const CLOSE_WITHIN_MS = 10_000;

export interface QuitPorts {
  uploadsRunning(): boolean;
  /** Asks the user; resolves to false to keep the app running. */
  confirm(): Promise<boolean>;
  /** Pauses the uploads and closes everything. */
  close(): Promise<void>;
  /** Ends the process, now. */
  exit(code: number): void;
  logger: Logger;
  closeWithinMs?: number;
}

export interface QuitRequest {
  /** Whether to ask the user while uploads run; false when the system shuts down. */
  ask: boolean;
  /** Ends the process after everything was closed, in place of `exit(0)`. */
  leave?: () => void;
}

/**
 * How the app quits.
 *
 *   running ──► asking ──► closing ──► closed
 *      ▲          │
 *      └──────────┘ the user keeps it running
 *
 * `asking` is skipped without running uploads, or without `ask`.
 */
export class QuitController {
  readonly #ports: QuitPorts;
  #state: 'running' | 'asking' | 'closing' | 'closed' = 'running';

  constructor(ports: QuitPorts) {
    this.#ports = ports;
  }

  /** Whether windows may close and the process may end. */
  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** Whether it is decided that the app quits. */
  get isLeaving(): boolean {
    return this.#state === 'closing' || this.#state === 'closed';
  }

  /** Quits the app unless the user decides to keep it running. A request during the question does not ask again. */
  async request({ ask, leave }: QuitRequest): Promise<void> {
    if (ask && this.#state === 'asking') return;
    if (this.isLeaving) return;
    if (ask && this.#ports.uploadsRunning()) {
      if (!(await this.#ask()) || this.isLeaving) return;
    }
    await this.#close(leave);
  }

  async #ask(): Promise<boolean> {
    this.#state = 'asking';
    const confirmed = await this.#ports.confirm().catch((error: unknown) => {
      this.#ports.logger.error({ err: error }, 'quit question failed');
      return true;
    });
    if (this.#state === 'asking') this.#state = 'running';
    return confirmed;
  }

  async #close(leave: (() => void) | undefined): Promise<void> {
    const { close, exit, logger, closeWithinMs = CLOSE_WITHIN_MS } = this.#ports;
    this.#state = 'closing';
    logger.info('closing');
    try {
      await withTimeout(close(), closeWithinMs, 'closing');
    } catch (error) {
      logger.error({ err: error }, 'closing failed');
      this.#state = 'closed';
      exit(1);
      return;
    }
    this.#state = 'closed';
    if (leave === undefined) exit(0);
    else leave();
  }
}
