import { z } from 'zod';
import { errorCodeSchema } from './errors.ts';
import { LIMITS } from './limits.ts';
import { anyOf, text } from './text.ts';

export const videoStatusSchema = z
  .enum(['uploading', 'transcoding', 'online', 'failed', 'canceled'])
  .meta({ id: 'VideoStatus' });
export type VideoStatus = z.infer<typeof videoStatusSchema>;

/** What a video that is transcoding is doing, for people. */
export const videoPhaseSchema = z
  .enum(['queued', 'inspecting', 'encoding', 'finalizing'])
  .meta({ id: 'VideoPhase' });
export type VideoPhase = z.infer<typeof videoPhaseSchema>;

export const visibilitySchema = z.enum(['private', 'unlisted', 'public']).meta({ id: 'Visibility' });
export type Visibility = z.infer<typeof visibilitySchema>;

/** Which videos the farm does first. Set by admins; tasks that are in the queue already stay where they are. */
export const prioritySchema = z.enum(['low', 'normal', 'high']).meta({ id: 'Priority' });
export type Priority = z.infer<typeof prioritySchema>;

/** A notice as the API shows it. A client that does not know a code, which a newer server may add, shows its `message`. */
export const noticeSchema = z
  .looseObject({ code: z.string(), message: z.string() })
  .meta({ id: 'Notice', examples: [{ code: 'audio_left_out', message: '…', reason: 'undecodable' }] });
export type Notice = z.infer<typeof noticeSchema>;

/** What a transcode waits for that is no turn of its own: the object store, space on a disk, or a worker. */
export const waitingReasonSchema = z.enum(['store', 'disk', 'worker']).meta({ id: 'WaitingReason' });
export type WaitingReason = z.infer<typeof waitingReasonSchema>;

/** A transcode that cannot go on now, through no fault of its file, and goes on by itself once it can. */
export const waitingSchema = z
  .object({ since: z.iso.datetime(), reason_code: waitingReasonSchema })
  .meta({ id: 'Waiting' });
export type Waiting = z.infer<typeof waitingSchema>;

/**
 * `duration` and `eta_seconds` are in seconds, `progress` is a percentage that never goes back within one transcode,
 * `playable` is true as soon as the beginning can be watched. URLs are signed and expire, but for `watch_url` of a video
 * that is unlisted or public. Until `legacy_link_until` an unlisted video is seen by its number alone, too, as all were
 * once; null where that has ended, or never was.
 */
export const videoSchema = z
  .object({
    id: z.int(),
    user_id: z.int(),
    title: z.string(),
    description: z.string(),
    visibility: visibilitySchema,
    status: videoStatusSchema,
    phase: videoPhaseSchema.nullable(),
    progress: z.number().min(0).max(100),
    eta_seconds: z.number().nullable(),
    playable: z.boolean(),
    file_name: z.string(),
    size_bytes: z.int().nullable(),
    duration: z.number().nullable(),
    width: z.int().nullable(),
    height: z.int().nullable(),
    frame_rate: z.number().nullable(),
    cover_url: z.string().nullable(),
    storyboard_url: z.string().nullable(),
    playback_url: z.string().nullable(),
    watch_url: z.string(),
    /** Not sent by earlier servers. */
    legacy_link_until: z.iso.datetime().nullable().default(null),
    error: z.object({ code: errorCodeSchema, message: z.string() }).nullable(),
    /** Earlier servers have neither of these. */
    waiting: waitingSchema.nullable().default(null),
    notices: z.array(noticeSchema).default([]),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    online_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Video' });
export type Video = z.infer<typeof videoSchema>;

/** One playable rendition; `url` is a playlist that a player can open as it is. Bit rates are in bits per second. */
export const videoSourceSchema = z
  .object({
    quality: z.string(),
    format: z.literal('HLS'),
    url: z.string(),
    key: z.string(),
    width: z.int(),
    height: z.int(),
    frame_rate: z.number(),
    bandwidth: z.int(),
    average_bandwidth: z.int(),
    codecs: z.string(),
  })
  .meta({ id: 'VideoSource' });
export type VideoSource = z.infer<typeof videoSourceSchema>;

export const videoDetailSchema = z
  .object({ video: videoSchema, sources: z.array(videoSourceSchema) })
  .meta({ id: 'VideoDetail' });
export type VideoDetail = z.infer<typeof videoDetailSchema>;

/** What anybody else than its owner sees of a video, and nothing more: what it takes to watch it. */
export const guestVideoSchema = videoSchema
  .pick({
    title: true,
    description: true,
    status: true,
    duration: true,
    cover_url: true,
    storyboard_url: true,
    playback_url: true,
  })
  .meta({ id: 'GuestVideo' });
export type GuestVideo = z.infer<typeof guestVideoSchema>;

export const guestVideoDetailSchema = z
  .object({
    video: guestVideoSchema,
    sources: z.array(
      videoSourceSchema.pick({ quality: true, format: true, url: true }).meta({ id: 'GuestVideoSource' }),
    ),
  })
  .meta({ id: 'GuestVideoDetail' });
export type GuestVideoDetail = z.infer<typeof guestVideoDetailSchema>;

export const videoResponseSchema = z.object({ video: videoSchema }).meta({ id: 'VideoResponse' });

export const videoListQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(LIMITS.pageSize.max).default(LIMITS.pageSize.default),
  offset: z.coerce.number().int().min(0).default(0),
  status: videoStatusSchema.optional(),
  search: text({ max: 100 }).optional(),
  sort: z.enum(['newest', 'oldest', 'title']).default('newest'),
  /** Only these videos: their ids, separated by commas. */
  ids: z
    .string()
    .regex(/^\d{1,15}(,\d{1,15}){0,99}$/, 'must be at most 100 ids, separated by commas')
    .optional(),
});
export type VideoListQuery = z.infer<typeof videoListQuerySchema>;

export const videoListSchema = z
  .object({ videos: z.array(videoSchema), total: z.int() })
  .meta({ id: 'VideoList' });
export type VideoList = z.infer<typeof videoListSchema>;

export const videoUpdateSchema = z
  .object({
    title: text({ min: 1, max: LIMITS.titleCharacters }).optional(),
    description: text({ max: LIMITS.descriptionCharacters }).optional(),
    visibility: visibilitySchema.optional(),
  })
  .refine((patch) => Object.values(patch).some((value) => value !== undefined), 'nothing to change')
  .meta({ id: 'VideoUpdate', ...anyOf('title', 'description', 'visibility') });
export type VideoUpdate = z.infer<typeof videoUpdateSchema>;

export const videoIdSchema = z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER);
