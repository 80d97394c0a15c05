import type { SessionStorage } from '../../contracts/desktop.ts';

/** Encryption with a key that the operating system keeps for this user. */
export interface Encryption {
  /** `plain` where the key is no secret, `memory` where nothing can be encrypted at all. */
  readonly storage: SessionStorage;
  encrypt(text: string): Buffer;
  /** Throws for what was not encrypted by this user on this machine. */
  decrypt(encrypted: Buffer): string;
}
