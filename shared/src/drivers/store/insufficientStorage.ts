import { formatBytes } from '../../core/formatBytes.ts';
import { ReelmillError } from '../../runtime/errors.ts';

/** What people who upload are told where the disk of the store has too little room. */
export function insufficientStorage(minFreeBytes: number): ReelmillError {
  return new ReelmillError(
    'insufficient_storage',
    `The server has too little free space for this file: ${formatBytes(minFreeBytes)} must stay free. Try again later, or ask its administrator.`,
  );
}
