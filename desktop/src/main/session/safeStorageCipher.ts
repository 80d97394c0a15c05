import { safeStorage } from 'electron';
import type { Encryption } from './encryption.ts';

/**
 * Electron's safeStorage; to be called when the app is ready. A Linux desktop without a keyring has no key to offer:
 * there the file's mode is what keeps others out.
 */
export function createSafeStorageCipher(): Encryption {
  if (process.platform === 'linux' && !safeStorage.isEncryptionAvailable()) {
    safeStorage.setUsePlainTextEncryption(true);
  }
  return {
    isAvailable: () => safeStorage.isEncryptionAvailable(),
    encrypt: (text) => safeStorage.encryptString(text),
    decrypt: (encrypted) => safeStorage.decryptString(encrypted),
  };
}
