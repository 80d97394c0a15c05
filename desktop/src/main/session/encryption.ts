import type { SessionStorage } from '../../contracts/desktop.ts';

/** Encryption with a key that the operating system stores for this user. */
export interface Encryption {
  /** `plain` where the key is not secret, `memory` where nothing can be encrypted. */
  readonly storage: SessionStorage;
  encrypt(text: string): Buffer;
  /** Throws for what was not encrypted by this user on this machine. */
  decrypt(encrypted: Buffer): string;
}
