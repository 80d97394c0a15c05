/** Encryption with a key that the operating system keeps for this user. */
export interface Encryption {
  isAvailable(): boolean;
  encrypt(text: string): Buffer;
  /** Throws for what was not encrypted by this user on this machine. */
  decrypt(encrypted: Buffer): string;
}
