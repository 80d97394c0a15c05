import { z } from 'zod';

/**
 * What a client must know before anybody logs in. `media_origins` are all origins (`https://host:port`) that signed URLs
 * of this server point to: its own, and the object store's.
 */
export const serverInfoSchema = z
  .object({
    name: z.literal('reelmill'),
    version: z.string(),
    registration: z.enum(['open', 'closed']),
    media_origins: z.array(z.string()),
  })
  .meta({ id: 'ServerInfo' });
export type ServerInfo = z.infer<typeof serverInfoSchema>;
