import type { Logger } from '@reelmill/shared/runtime/logger.ts';
import type { IntakeResult } from '../../contracts/desktop.ts';

export interface OpenedFilesPorts {
  /** Whether somebody is signed in, and the page is there to tell them what became of the files. */
  isReady(): boolean;
  add(paths: readonly string[]): Promise<IntakeResult>;
  tell(result: IntakeResult): void;
  logger: Logger;
}

/**
 * Files that the system, a second start or the command line wants to be uploaded. They may come before there is a
 * window or a session, and are kept until then.
 */
export class OpenedFiles {
  #waiting: string[] = [];
  #ports: OpenedFilesPorts | null = null;

  offer(paths: readonly string[]): void {
    this.#waiting.push(...paths);
    this.flush();
  }

  /** From now on files are added as soon as that is possible. */
  connect(ports: OpenedFilesPorts): void {
    this.#ports = ports;
    this.flush();
  }

  /** To be called when something may have become ready. */
  flush(): void {
    const ports = this.#ports;
    if (ports === null || this.#waiting.length === 0 || !ports.isReady()) return;
    const paths = this.#waiting.splice(0);
    ports.add(paths).then(
      (result) => ports.tell(result),
      (error: unknown) => ports.logger.error({ err: error }, 'the files could not be added'),
    );
  }
}
