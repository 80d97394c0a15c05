import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import type { IntakeResult } from '../../contracts/desktop.ts';

export interface OpenedFilesPorts {
  /** Whether somebody is signed in, and the page can show the result. */
  isReady(): boolean;
  add(paths: readonly string[]): Promise<IntakeResult>;
  showResult(result: IntakeResult): void;
  logger: Logger;
}

/**
 * Files to upload that the system, a second instance or the command line passed. They may come before there is a window
 * or a session, and are kept until then.
 */
export class OpenedFiles {
  #waiting: string[] = [];
  #ports: OpenedFilesPorts | null = null;

  offer(paths: readonly string[]): void {
    this.#waiting.push(...paths);
    this.flush();
  }

  /** From now on files are added as soon as possible. */
  connect(ports: OpenedFilesPorts): void {
    this.#ports = ports;
    this.flush();
  }

  /** Call it when `isReady` may have changed. */
  flush(): void {
    const ports = this.#ports;
    if (ports === null || this.#waiting.length === 0 || !ports.isReady()) return;
    const paths = this.#waiting.splice(0);
    ports.add(paths).then(
      (result) => ports.showResult(result),
      (error: unknown) => ports.logger.error({ err: error }, 'opened files not added'),
    );
  }
}
