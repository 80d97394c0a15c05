import { z } from 'zod';
import { prioritySchema, videoListQuerySchema, videoSchema } from './videos.ts';

/** `diagnostics` is what a creator does not see of a failure. */
export const adminVideoSchema = z
  .object({
    video: videoSchema,
    owner: z.object({ user_id: z.int(), email: z.string(), nickname: z.string() }),
    priority: prioritySchema,
    diagnostics: z.string().nullable(),
  })
  .meta({ id: 'AdminVideo' });
export type AdminVideo = z.infer<typeof adminVideoSchema>;

export const adminVideoListSchema = z
  .object({ videos: z.array(adminVideoSchema), total: z.int() })
  .meta({ id: 'AdminVideoList' });
export type AdminVideoList = z.infer<typeof adminVideoListSchema>;

export const adminVideoQuerySchema = videoListQuerySchema.extend({
  /** Id of whose videos. */
  owner: z.coerce.number().int().positive().optional(),
});
export type AdminVideoQuery = z.infer<typeof adminVideoQuerySchema>;

export const adminVideoUpdateSchema = z.object({ priority: prioritySchema }).meta({ id: 'AdminVideoUpdate' });
