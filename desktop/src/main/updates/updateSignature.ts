import { createPublicKey, type KeyObject, verify } from 'node:crypto';

/** Separates these signatures from those made for other purposes. */
const PURPOSE = 'reelmill update 1';

/** The update server's new version is not signed by the developers of this app. */
export class UpdateRefusedError extends Error {
  override readonly name = 'UpdateRefusedError';
}

/**
 * Returns the bytes that are signed for a release file such as `latest-linux.yml`. They include its name, so that the file
 * of another platform does not match; the file has the installers' hashes, so that the signature covers them too.
 */
export function signedBytes(fileName: string, text: string): Buffer {
  return Buffer.from(`${PURPOSE}\n${fileName}\n${text}`);
}

/** Returns the public key that a package was built with: Ed25519, as base64 of its SPKI. Throws for any other key. */
export function readUpdateKey(base64: string): KeyObject {
  const key = createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' });
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('the update key is not an Ed25519 key');
  return key;
}

/** Throws `UpdateRefusedError` unless the release file is signed with the key. */
export function assertSigned(
  key: KeyObject,
  { fileName, text, signature }: { fileName: string; text: string; signature: string },
): void {
  if (!verify(null, signedBytes(fileName, text), key, Buffer.from(signature, 'base64'))) {
    throw new UpdateRefusedError(`The signature of ${fileName} is not valid.`);
  }
}
