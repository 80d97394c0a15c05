import {
  completeUploadRequestSchema,
  completeUploadResponseSchema,
  duplicatesResponseSchema,
  initiateUploadRequestSchema,
  initiateUploadResponseSchema,
  resumableResponseSchema,
  sameFileQuerySchema,
  signPartsRequestSchema,
  signPartsResponseSchema,
  type UploadStatus,
  uploadStatusSchema,
} from '@reelmill/shared/contracts/uploads.ts';
import { videoIdSchema } from '@reelmill/shared/contracts/videos.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { z } from 'zod';
import { actorOf } from '../audit/auditLog.ts';
import { findOwnVideo } from '../catalog/access.ts';
import { serializeVideo, serializeVideos } from '../catalog/serializeVideo.ts';
import type { ServerContext } from '../context/serverContext.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { cancelUpload } from './abortUpload.ts';
import { completeUpload } from './completeUpload.ts';
import { findDuplicates } from './duplicates.ts';
import { initiateUpload } from './initiateUpload.ts';
import {
  findMultipartUpload,
  findResumableUpload,
  type MultipartUpload,
  uploadEndedError,
} from './openUploads.ts';
import { checkPartNumbers, keepAlive, readUploadStatus, signParts } from './parts.ts';

const tag = 'Uploads';
const params = z.object({ id: videoIdSchema });

export function createUploadRoutes(context: ServerContext): Route[] {
  const { models } = context.database;
  return [
    defineRoute({
      method: 'post',
      path: '/videos/upload/initiate',
      tag,
      summary: 'Start an upload',
      description:
        'Without `size_bytes` the response has one URL for `curl -T`; with it, the URLs of the first parts. Every part ' +
        'but the last has exactly `part_size` bytes; send it to its own URL by PUT.',
      auth: 'user',
      body: initiateUploadRequestSchema,
      response: { status: 200, description: 'Where to send the file', schema: initiateUploadResponseSchema },
      errors: ['quota_exceeded', 'too_large', 'insufficient_storage'],
      handle: ({ body, identity }) => initiateUpload(context, identity.userId, body),
    }),
    defineRoute({
      method: 'post',
      path: '/videos/upload/complete',
      tag,
      summary: 'Finish an upload',
      description: 'Verifies the uploaded file and starts the transcode. Idempotent.',
      auth: 'user',
      body: completeUploadRequestSchema,
      response: {
        status: 202,
        description: 'The transcode has started',
        schema: completeUploadResponseSchema,
      },
      errors: [
        'not_found',
        'upload_incomplete',
        'upload_gone',
        'part_size_mismatch',
        'size_mismatch',
        'empty_file',
        'too_large',
        'quota_exceeded',
      ],
      async handle({ body, identity, requestId }) {
        const video = await findOwnVideo(models, body.video_id, identity);
        await completeUpload(context, video, requestId);
        return {
          message: 'The upload is complete. The video is being transcoded.',
          video: await serializeVideo(context, video),
        };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/videos/upload/resumable',
      tag,
      summary: 'Find an open upload of the same file',
      auth: 'user',
      query: sameFileQuerySchema,
      response: { status: 200, description: 'The newest one, or null', schema: resumableResponseSchema },
      async handle({ query, identity }) {
        const file = { fingerprint: query.fingerprint, sizeBytes: query.size_bytes };
        const upload = await findResumableUpload(models, identity.userId, file);
        return { upload: upload && (await readStatusIfOpen(upload)) };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/videos/upload/duplicates',
      tag,
      summary: 'Find videos of the same file',
      description:
        'At most five of your own, newest first, without those that are being uploaded or were canceled.',
      auth: 'user',
      query: sameFileQuerySchema,
      response: { status: 200, description: 'The videos', schema: duplicatesResponseSchema },
      async handle({ query, identity }) {
        const file = { fingerprint: query.fingerprint, sizeBytes: query.size_bytes };
        const videos = await findDuplicates(context, identity.userId, file);
        return { videos: await serializeVideos(context, videos) };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/videos/{id}/upload',
      tag,
      summary: 'Status of an upload',
      auth: 'user',
      params,
      response: { status: 200, description: 'The complete parts', schema: uploadStatusSchema },
      errors: ['not_found', 'upload_gone', 'state_conflict', 'quota_exceeded'],
      async handle({ params: { id }, identity, requestId }) {
        const upload = await findMultipartUpload(models, id, identity);
        try {
          return await readUploadStatus(context, upload);
        } catch (error) {
          if (!(error instanceof ReelmillError && error.code === 'upload_gone')) throw error;
          // finishes a complete that was interrupted after the store had joined the parts
          await completeUpload(context, upload.video, requestId);
          throw uploadEndedError(upload.video);
        }
      },
    }),
    defineRoute({
      method: 'post',
      path: '/videos/{id}/upload/parts',
      tag,
      summary: 'Sign URLs of parts',
      auth: 'user',
      params,
      body: signPartsRequestSchema,
      response: { status: 200, description: 'One URL for each part', schema: signPartsResponseSchema },
      errors: ['not_found', 'upload_gone', 'state_conflict'],
      async handle({ params: { id }, body, identity }) {
        const upload = await findMultipartUpload(models, id, identity);
        checkPartNumbers(upload, body.part_numbers);
        await keepAlive(context, upload);
        return { urls: await signParts(context, upload, body.part_numbers) };
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/videos/{id}/upload',
      tag,
      summary: 'Abort an upload',
      auth: 'user',
      params,
      response: { status: 204, description: 'The video is canceled and its parts are removed' },
      errors: ['not_found', 'state_conflict', 'upload_gone'],
      async handle({ params: { id }, ...requestContext }) {
        const video = await findOwnVideo(models, id, requestContext.identity);
        await cancelUpload(context, video, actorOf(requestContext));
      },
    }),
  ];

  async function readStatusIfOpen(upload: MultipartUpload): Promise<UploadStatus | null> {
    try {
      return await readUploadStatus(context, upload);
    } catch (error) {
      if (error instanceof ReelmillError && error.code === 'upload_gone') return null;
      throw error;
    }
  }
}
