import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileAtomically } from '../../node/atomicFile.ts';
import { MAX_FILES } from '../queue/folderWalk.ts';
import { addProcessed, type FoundFile, type ProcessedVersions } from './folderState.ts';

/** Path, size in bytes, time of the last change in milliseconds since 1970. */
const entriesSchema = z.array(z.tuple([z.string(), z.number(), z.number()]));

/** Stores in a file which versions of which files were processed; as many as a folder may have. */
export class ProcessedFiles {
  readonly #file: string;
  #processed: ProcessedVersions;
  #isNew: boolean;

  private constructor(file: string, processed: ProcessedVersions | null) {
    this.#file = file;
    this.#processed = processed ?? new Map();
    this.#isNew = processed === null;
  }

  /** A file that cannot be read counts as missing. */
  static async open(file: string): Promise<ProcessedFiles> {
    const text = await readFile(file, 'utf8').catch(() => '');
    return new ProcessedFiles(file, readEntries(text));
  }

  /** Whether nothing was ever saved. */
  get isNew(): boolean {
    return this.#isNew;
  }

  get versions(): ProcessedVersions {
    return this.#processed;
  }

  /** Adds files and saves them; `present` are the paths that exist now, which are dropped last. */
  async add(files: readonly FoundFile[], present: ReadonlySet<string>): Promise<void> {
    this.#processed = addProcessed(this.#processed, files, { present, max: MAX_FILES });
    const entries = [...this.#processed].map(([path, { sizeBytes, mtimeMs }]) => [path, sizeBytes, mtimeMs]);
    await writeFileAtomically(this.#file, JSON.stringify(entries));
    this.#isNew = false;
  }
}

function readEntries(text: string): ProcessedVersions | null {
  try {
    const entries = entriesSchema.parse(JSON.parse(text));
    return new Map(entries.map(([path, sizeBytes, mtimeMs]) => [path, { sizeBytes, mtimeMs }]));
  } catch {
    return null;
  }
}
