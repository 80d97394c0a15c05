import { createHash } from 'node:crypto';
import type { Digest, Digests, StreamDigest } from '../engine/ports/ports.ts';
import { HashThread } from './hashThread.ts';

let thread: HashThread | null = null;
let lastId = 0;

export const nodeDigests: Digests = {
  md5: startStreamDigest,
  sha256: startDigest,
};

function startDigest(): Digest {
  const hash = createHash('sha256');
  return {
    update: (bytes) => {
      hash.update(bytes);
    },
    hex: () => hash.digest('hex'),
  };
}

function startStreamDigest(): StreamDigest {
  if (thread === null || thread.failed) thread = new HashThread();
  const own = thread;
  lastId += 1;
  const id = lastId;
  return {
    update: async (bytes) => {
      await own.send({ id, bytes, end: false });
    },
    hex: async () => (await own.send({ id, end: true })) ?? '',
    // it does not matter whether the thread still runs
    drop: () => void own.send({ id, end: true }).catch(() => undefined),
  };
}
