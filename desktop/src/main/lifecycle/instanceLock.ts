import { app } from 'electron';
import { z } from 'zod';
import { filesToOpen } from './launch.ts';
import type { OpenedFiles } from './openedFiles.ts';

/** What a second start hands to the first: its own words may arrive there in another order. */
const startSchema = z.object({ files: z.array(z.string()) });

/**
 * Makes this process the one that runs with this data; false where another does, which then was given the files.
 * Collects the files that this start, later ones and the system name.
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
