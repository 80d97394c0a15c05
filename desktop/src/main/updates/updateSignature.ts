import { createPublicKey, type KeyObject, verify } from 'node:crypto';

/** No signature that was made for something else passes for one of an update. */
const PURPOSE = 'reelmill update 1';

/** What the update server has of a new version is not what the makers of this app have signed. */
export class UpdateRefusedError extends Error {
  override readonly name = 'UpdateRefusedError';
}

/**
 * What is signed of a file that describes a version, such as `latest-linux.yml`. The description of another platform
 * does not pass for it, and as it holds the installers' hashes, the signature covers them, too.
 */
export function signedBytes(fileName: string, text: string): Buffer {
  return Buffer.from(`${PURPOSE}\n${fileName}\n${text}`);
}

/** The public key that a package was built with: Ed25519, as base64 of its SPKI. Throws where it is none. */
export function readUpdateKey(base64: string): KeyObject {
  const key = createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' });
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('the key of updates is not an Ed25519 key');
  return key;
}

/** Throws `UpdateRefusedError` where the description is not signed with the key. */
export function assertSigned(
  key: KeyObject,
  { fileName, text, signature }: { fileName: string; text: string; signature: string },
): void {
  if (!verify(null, signedBytes(fileName, text), key, Buffer.from(signature, 'base64'))) {
    throw new UpdateRefusedError(`The signature of ${fileName} is not valid.`);
  }
}
