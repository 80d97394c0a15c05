import { Worker } from 'node:worker_threads';

/** As text, so that a bundle needs no second file. Messages are answered in the order in which they come. */
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
  /** Answer the digest and forget it. */
  end: boolean;
}

interface Waiting {
  resolve(answer: string | null): void;
  reject(error: Error): void;
}

/** The thread that hashes parts while this one reads and sends them. It keeps no process alive that has nothing to hash. */
export class HashThread {
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];
  #failure: Error | null = null;

  constructor() {
    this.#worker = new Worker(PROGRAM, { eval: true, name: 'hashing' });
    this.#worker.unref();
    this.#worker.on('message', (answer: string | null) => {
      this.#waiting.shift()?.resolve(answer);
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
    const answered = new Promise<string | null>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
    this.#worker.ref();
    this.#worker.postMessage(message);
    return answered;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}
