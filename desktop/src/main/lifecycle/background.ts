import { access, writeFile } from 'node:fs/promises';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';

export interface BackgroundPorts {
  keepInTray(): boolean;
  /** Whether the user can bring the app back once its window is hidden. */
  isReachable(): Promise<boolean>;
  hide(): void;
  quit(): void;
  /** Tells the user that the app keeps running without its window. */
  showHint(): void;
  /** Exists once that hint was shown. */
  hintShownFile: string;
  logger: Logger;
}

/** What happens to the app when its window is closed. */
export class Background {
  readonly #ports: BackgroundPorts;

  constructor(ports: BackgroundPorts) {
    this.#ports = ports;
  }

  /** Whether the app can run without a window. */
  async isPossible(): Promise<boolean> {
    return this.#ports.keepInTray() && (await this.#ports.isReachable());
  }

  /** Hides the window, with a hint the first time; or quits the app where it cannot run without one. */
  async enter(): Promise<void> {
    if (!(await this.isPossible())) return this.#ports.quit();
    this.#ports.hide();
    await this.#showHintOnce();
  }

  async #showHintOnce(): Promise<void> {
    const { hintShownFile, showHint, logger } = this.#ports;
    const wasShown = await access(hintShownFile).then(
      () => true,
      () => false,
    );
    if (wasShown) return;
    showHint();
    await writeFile(hintShownFile, '').catch((error: unknown) => {
      logger.warn({ err: error }, 'tray hint file not written');
    });
  }
}
