import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileAtomically } from '../../node/atomicFile.ts';
import { MAX_FILES } from '../queue/folderWalk.ts';
import { addProcessed, type FoundFile, type ProcessedVersions } from './folderState.ts';

/** Path, size in bytes, time of the last change in milliseconds since 1970. */
const entriesSchema = z.array(z.tuple([z.string(), z.number(), z.number()]));

/** Remembers in a file which versions of which files were dealt with; as many as a folder may hold. */
export class ProcessedFiles {
  readonly #file: string;
  #taken: ProcessedVersions;
  #isNew: boolean;

  private constructor(file: string, taken: ProcessedVersions | null) {
    this.#file = file;
    this.#taken = taken ?? new Map();
    this.#isNew = taken === null;
  }

  /** What cannot be read counts as nothing remembered yet. */
  static async open(file: string): Promise<ProcessedFiles> {
    const text = await readFile(file, 'utf8').catch(() => '');
    return new ProcessedFiles(file, readEntries(text));
  }

  /** Whether nothing was ever remembered, not even that there was nothing. */
  get isNew(): boolean {
    return this.#isNew;
  }

  get taken(): ProcessedVersions {
    return this.#taken;
  }

  /** `present` are the paths that are there now: they are forgotten last. */
  async remember(files: readonly FoundFile[], present: ReadonlySet<string>): Promise<void> {
    this.#taken = addProcessed(this.#taken, files, { present, most: MAX_FILES });
    const entries = [...this.#taken].map(([path, { sizeBytes, mtimeMs }]) => [path, sizeBytes, mtimeMs]);
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
