import { z } from 'zod';

/**
 * What is needed to continue an upload after the process was killed. The server lists the parts that it has; the ETags
 * here identify those that were sent from this machine and acknowledged.
 */
export const journalEntrySchema = z.object({
  v: z.literal(1),
  /** Which server and account the upload belongs to. */
  scope: z.string(),
  path: z.string(),
  title: z.string().nullable(),
  videoId: z.int().positive(),
  sizeBytes: z.int().positive(),
  mtimeMs: z.number(),
  fingerprint: z.string(),
  partSizeBytes: z.int().positive(),
  partCount: z.int().positive(),
  /** Part number to ETag (MD5 in hexadecimal). */
  parts: z.record(z.string(), z.string()),
});
export type JournalEntry = z.infer<typeof journalEntrySchema>;
