import { Worker } from 'node:worker_threads';

/** As text, so that a bundle needs no second file. Messages are handled in their order. */
const PROGRAM = `
const { createHash } = require('node:crypto');
const { parentPort } = require('node:worker_threads');
const hashes = new Map();
parentPort.on('message', ({ id, bytes, end }) => {
  const hash = hashes.get(id) ?? createHash('md5');
  hashes.set(id, hash);
  if (bytes) hash.update(bytes);
  if (end) hashes.delete(id);
  parentPort.postMessage(end ? hash.digest('hex') : null);
});
`;

interface Message {
  id: number;
  bytes?: Uint8Array;
  /** Reply with the digest and discard its state. */
  end: boolean;
}

interface Waiting {
  resolve(digest: string | null): void;
  reject(error: Error): void;
}

/** The thread that hashes parts while this one reads and sends them. An idle one does not keep the process alive. */
export class HashThread {
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];
  #failure: Error | null = null;

  constructor() {
    this.#worker = new Worker(PROGRAM, { eval: true, name: 'hashing' });
    this.#worker.unref();
    this.#worker.on('message', (digest: string | null) => {
      this.#waiting.shift()?.resolve(digest);
      if (this.#waiting.length === 0) this.#worker.unref();
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('The thread that hashes has ended.')));
  }

  get failed(): boolean {
    return this.#failure !== null;
  }

  /** `bytes` of shared memory are not copied, and must stay as they are until this resolves. */
  async send(message: Message): Promise<string | null> {
    if (this.#failure !== null) throw this.#failure;
    const reply = new Promise<string | null>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
    this.#worker.ref();
    this.#worker.postMessage(message);
    return reply;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}
