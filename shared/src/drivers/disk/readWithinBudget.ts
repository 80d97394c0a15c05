import type { Readable } from 'node:stream';
import type { BudgetShare } from './writeBudget.ts';

/**
 * Yields a stream's bytes as the budget allows. What it does not allow yet stays where it is, for the most part with the
 * sender: a stream that is not read stops reading. Throws what the stream fails with.
 */
export async function* readWithinBudget(
  source: Readable,
  share: BudgetShare,
): AsyncGenerator<Buffer, void, void> {
  let wake = (): void => {};
  const onEvent = (): void => wake();
  for (const event of ['readable', 'end', 'error', 'close']) source.on(event, onEvent);
  try {
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const waitingBytes = source.readableLength;
      if (waitingBytes > 0) await share.take(waitingBytes);
      const chunk: Buffer | null = source.read(waitingBytes);
      if (chunk !== null) yield chunk;
      else if (source.errored) throw source.errored;
      else if (source.readableEnded) return;
      else if (source.destroyed) throw new Error('The stream was closed before its end.');
      else await woken;
    }
  } finally {
    for (const event of ['readable', 'end', 'error', 'close']) source.off(event, onEvent);
  }
}
