import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileAtomically } from '../../node/atomicFile.ts';

const lastServerSchema = z.object({ serverUrl: z.string(), mediaOrigins: z.array(z.string()) });

/** The server that was used last, and the origins of its media. Not secret, and needed before signing in. */
export type LastServer = z.infer<typeof lastServerSchema>;

/** Stores one server in a file. */
export class LastServerStore {
  readonly #file: string;
  #last: LastServer | null = null;

  constructor(file: string) {
    this.#file = file;
  }

  get last(): LastServer | null {
    return this.#last;
  }

  async load(): Promise<void> {
    const text = await readFile(this.#file, 'utf8').catch(() => '');
    try {
      this.#last = lastServerSchema.parse(JSON.parse(text));
    } catch {
      this.#last = null;
    }
  }

  /** Saves the server and returns whether it has changed. */
  async save(server: LastServer): Promise<boolean> {
    if (JSON.stringify(server) === JSON.stringify(this.#last)) return false;
    this.#last = server;
    await writeFileAtomically(this.#file, `${JSON.stringify(server, null, 2)}\n`);
    return true;
  }
}
