import { createHash } from 'node:crypto';
import type { Digest, Digests } from '../engine/ports.ts';

export const nodeDigests: Digests = {
  md5: () => startDigest('md5'),
  sha256: () => startDigest('sha256'),
};

function startDigest(algorithm: string): Digest {
  const hash = createHash(algorithm);
  return {
    update: (bytes) => {
      hash.update(bytes);
    },
    hex: () => hash.digest('hex'),
  };
}
