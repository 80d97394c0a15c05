import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { text } from './text.ts';
import { videoSchema } from './videos.ts';

/**
 * `size_bytes` asks for a multipart plan; without it the response is one signed PUT URL.
 * `last_modified` is milliseconds since 1970; `fingerprint` is the client's digest of size, head and tail.
 */
export const initiateUploadRequestSchema = z
  .object({
    file_name: z.string().min(1).max(1_000),
    title: text({ min: 1, max: LIMITS.titleCharacters }).optional(),
    description: text({ max: LIMITS.descriptionCharacters }).optional(),
    size_bytes: z.int().positive('must be greater than 0').optional(),
    content_type: z.string().max(200).optional(),
    last_modified: z.number().int().nonnegative().optional(),
    fingerprint: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits')
      .optional(),
  })
  .meta({ id: 'InitiateUploadRequest' });
export type InitiateUploadRequest = z.infer<typeof initiateUploadRequestSchema>;

export const partUrlSchema = z.object({ part_number: z.int(), url: z.string() }).meta({ id: 'PartUrl' });
export type PartUrl = z.infer<typeof partUrlSchema>;

/** Every part but the last is exactly `part_size` bytes. `expires_at` is when the upload itself expires. */
export const uploadPlanSchema = z
  .object({
    part_size: z.int(),
    part_count: z.int(),
    expires_at: z.iso.datetime(),
    urls: z.array(partUrlSchema),
  })
  .meta({ id: 'UploadPlan' });
export type UploadPlan = z.infer<typeof uploadPlanSchema>;

export const initiateUploadResponseSchema = z
  .union([
    z.object({ video_id: z.int(), upload_url: z.string() }),
    z.object({ video_id: z.int(), upload: uploadPlanSchema }),
  ])
  .meta({ id: 'InitiateUploadResponse' });

export const signPartsRequestSchema = z
  .object({
    part_numbers: z.array(z.int().min(1).max(LIMITS.maxPartCount)).min(1).max(LIMITS.partUrlWindow),
  })
  .meta({ id: 'SignPartsRequest' });

export const signPartsResponseSchema = z
  .object({ urls: z.array(partUrlSchema) })
  .meta({ id: 'SignPartsResponse' });

export const uploadedPartSchema = z
  .object({ part_number: z.int(), size: z.int(), etag: z.string() })
  .meta({ id: 'UploadedPart' });
export type UploadedPart = z.infer<typeof uploadedPartSchema>;

/** What the store holds of an upload that is not complete: enough to resume on another machine. */
export const uploadStatusSchema = z
  .object({
    video_id: z.int(),
    file_name: z.string(),
    size_bytes: z.int(),
    part_size: z.int(),
    part_count: z.int(),
    last_modified: z.number().nullable(),
    fingerprint: z.string().nullable(),
    expires_at: z.iso.datetime(),
    parts: z.array(uploadedPartSchema),
  })
  .meta({ id: 'UploadStatus' });
export type UploadStatus = z.infer<typeof uploadStatusSchema>;

/** `GET /videos/upload/resumable?fingerprint&size_bytes`: an unfinished upload of the very same file, or null. */
export const sameFileQuerySchema = z.object({
  fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
  size_bytes: z.coerce.number().int().positive(),
});
export const resumableResponseSchema = z
  .object({ upload: uploadStatusSchema.nullable() })
  .meta({ id: 'ResumableResponse' });

/** `GET /videos/upload/duplicates?fingerprint&size_bytes`: videos that came of the very same file, the newest first. */
export const duplicatesResponseSchema = z
  .object({ videos: z.array(videoSchema) })
  .meta({ id: 'DuplicatesResponse' });

export const completeUploadRequestSchema = z
  .object({ video_id: z.int().positive() })
  .meta({ id: 'CompleteUploadRequest' });

export const completeUploadResponseSchema = z
  .object({ message: z.string(), video: videoSchema })
  .meta({ id: 'CompleteUploadResponse' });
