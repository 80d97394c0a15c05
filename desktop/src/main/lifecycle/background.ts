import { access, writeFile } from 'node:fs/promises';
import type { Logger } from '@reelmill/shared/runtime/logger.ts';

export interface BackgroundPorts {
  keepInTray(): boolean;
  /** Whether somebody could bring the app back once its window is hidden. */
  isReachable(): Promise<boolean>;
  hide(): void;
  quit(): void;
  /** Tells that the app goes on although its window is gone. */
  explain(): void;
  /** Exists once that was told. */
  hintShownFile: string;
  logger: Logger;
}

/** What becomes of the app when its window is closed. */
export class Background {
  readonly #ports: BackgroundPorts;

  constructor(ports: BackgroundPorts) {
    this.#ports = ports;
  }

  /** Whether the app may go on without a window. */
  async isPossible(): Promise<boolean> {
    return this.#ports.keepInTray() && (await this.#ports.isReachable());
  }

  /** Hides the window, and says the first time what that means; or ends the app. */
  async enter(): Promise<void> {
    if (!(await this.isPossible())) return this.#ports.quit();
    this.#ports.hide();
    await this.#showHintOnce();
  }

  async #showHintOnce(): Promise<void> {
    const { hintShownFile, explain, logger } = this.#ports;
    const explained = await access(hintShownFile).then(
      () => true,
      () => false,
    );
    if (explained) return;
    explain();
    await writeFile(hintShownFile, '').catch((error: unknown) => {
      logger.warn({ err: error }, 'that the tray was explained could not be kept');
    });
  }
}
