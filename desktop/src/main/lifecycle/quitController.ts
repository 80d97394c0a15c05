import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import { withTimeout } from '@reelmill/shared/runtime/timeout.ts';

/** Everything that is open must be closed within this; what is left then is in the journals anyway. */
const CLOSE_WITHIN_MS = 10_000;

export interface QuitPorts {
  uploadsRunning(): boolean;
  /** Asks the user; false where the app goes on. */
  confirm(): Promise<boolean>;
  /** Pauses what runs and closes everything. */
  close(): Promise<void>;
  /** Ends the process, now. */
  exit(code: number): void;
  logger: Logger;
  closeWithinMs?: number;
}

export interface QuitRequest {
  /** Whether running uploads are a reason to ask; not where the system itself ends. */
  ask: boolean;
  /** Ends the process after everything was closed; otherwise `exit(0)` does. */
  leave?: () => void;
}

/**
 * The end of the app.
 *
 *   running ──► asking ──► closing ──► closed
 *      ▲          │
 *      └──────────┘ the user keeps it running
 *
 * Without uploads, or without a user to ask, `asking` is left out.
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

  /** Whether the end has been decided. */
  get isLeaving(): boolean {
    return this.#state === 'closing' || this.#state === 'closed';
  }

  /** Ends the app, or does not where the user decides so. A request while the user is being asked asks no second time. */
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
      this.#ports.logger.error({ err: error }, 'the question before the end failed');
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
      logger.error({ err: error }, 'not everything could be closed');
      this.#state = 'closed';
      exit(1);
      return;
    }
    this.#state = 'closed';
    if (leave === undefined) exit(0);
    else leave();
  }
}
