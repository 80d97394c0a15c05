import { setImmediate } from 'node:timers/promises';
import { EXIT } from './exitCodes.ts';
import type { Terminal } from './terminal.ts';

/** Standard output that cannot be written does not stop an upload; the exit code reports the loss. */
export interface OutputWatch {
  /** Returns the exit code, or 1 in place of 0 where output was lost. A closed pipe does not count as a loss. */
  check(exitCode: number): Promise<number>;
}

export function watchOutput({ stdout, stderr }: Pick<Terminal, 'stdout' | 'stderr'>): OutputWatch {
  let loss: Error | null = null;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') loss ??= error;
  });
  stderr.on('error', () => undefined);
  return {
    async check(exitCode) {
      // the last write may just have failed
      await setImmediate();
      if (loss === null || exitCode !== EXIT.ok.code) return exitCode;
      stderr.write(`The output could not be written: ${loss.message}\n`);
      return EXIT.failure.code;
    },
  };
}
