import { app } from 'electron';
import { z } from 'zod';
import { filesToOpen } from './launch.ts';
import type { OpenedFiles } from './openedFiles.ts';

/** What a second instance passes to the first: the order of its arguments may change on the way. */
const startSchema = z.object({ files: z.array(z.string()) });

/**
 * Acquires the lock of this data folder; returns false where another instance holds it, which then received the files.
 * Collects the files that this instance, later ones and the system pass.
 */
export function acquireInstanceLock(opened: OpenedFiles): boolean {
  const files = filesToOpen(process.argv, { cwd: process.cwd(), bare: process.defaultApp === true });
  if (!app.requestSingleInstanceLock({ files })) return false;
  opened.offer(files);
  app.on('second-instance', (_, __, ___, start) => {
    const parsed = startSchema.safeParse(start);
    if (parsed.success) opened.offer(parsed.data.files);
  });
  app.on('open-file', (event, path) => {
    event.preventDefault();
    opened.offer([path]);
  });
  return true;
}
