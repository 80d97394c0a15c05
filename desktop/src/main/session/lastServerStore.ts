import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileAtomically } from '../../node/atomicFile.ts';

const knownServerSchema = z.object({ serverUrl: z.string(), mediaOrigins: z.array(z.string()) });

/** The server that was used last, and the origins of its media: no secrets, and no need to sign in to know them. */
export type LastServer = z.infer<typeof knownServerSchema>;

/** Remembers one server in a file. */
export class LastServerStore {
  readonly #file: string;
  #known: LastServer | null = null;

  constructor(file: string) {
    this.#file = file;
  }

  get known(): LastServer | null {
    return this.#known;
  }

  async load(): Promise<void> {
    const text = await readFile(this.#file, 'utf8').catch(() => '');
    try {
      this.#known = knownServerSchema.parse(JSON.parse(text));
    } catch {
      this.#known = null;
    }
  }

  /** Answers whether anything is other than it was. */
  async remember(server: LastServer): Promise<boolean> {
    if (JSON.stringify(server) === JSON.stringify(this.#known)) return false;
    this.#known = server;
    await writeFileAtomically(this.#file, `${JSON.stringify(server, null, 2)}\n`);
    return true;
  }
}
