import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { Clock } from '../engine/ports/ports.ts';

/** Time as the operating system counts it, without the jumps of the wall clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer);
        reject(new ReelmillError('aborted', 'Stopped while waiting.'));
      };
      if (signal.aborted) return reject(new ReelmillError('aborted', 'Stopped while waiting.'));
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', stop);
        resolve();
      }, ms);
      signal.addEventListener('abort', stop, { once: true });
    }),
  schedule: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
