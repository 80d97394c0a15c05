import { safeStorage } from 'electron';
import type { SessionStorage } from '../../contracts/desktop.ts';
import type { Encryption } from './encryption.ts';

/**
 * Electron's safeStorage; call it once the app is ready. A Linux desktop without a keyring has no secret key: there only
 * the file's mode protects the session, and the app says so.
 */
export function createSafeStorageCipher(): Encryption {
  return {
    storage: chooseStorage(),
    encrypt: (text) => safeStorage.encryptString(text),
    decrypt: (encrypted) => safeStorage.decryptString(encrypted),
  };
}

function chooseStorage(): SessionStorage {
  if (safeStorage.isEncryptionAvailable()) return 'keyring';
  if (process.platform !== 'linux') return 'memory';
  safeStorage.setUsePlainTextEncryption(true);
  return safeStorage.isEncryptionAvailable() ? 'plain' : 'memory';
}
