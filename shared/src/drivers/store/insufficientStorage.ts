import { formatBytes } from '../../core/formatBytes.ts';
import { ReelmillError } from '../../runtime/errors.ts';

/** The error for people who upload where the disk of the store has too little space. */
export function insufficientStorage(minFreeBytes: number): ReelmillError {
  return new ReelmillError(
    'insufficient_storage',
    `The server has too little free space for this file: ${formatBytes(minFreeBytes)} must stay free. Try again later, or contact its administrator.`,
  );
}
