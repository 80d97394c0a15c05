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
import { describeVideo, describeVideos } from '../catalog/describeVideo.ts';
import type { ServerContext } from '../context/serverContext.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { completeUpload } from './completeUpload.ts';
import { findDuplicates } from './duplicates.ts';
import { cancelUpload } from './giveUp.ts';
import { initiateUpload } from './initiateUpload.ts';
import {
  findMultipartUpload,
  findResumableUpload,
  type MultipartUpload,
  uploadEndedError,
} from './openUploads.ts';
import { checkPartNumbers, describeUpload, keepAlive, signParts } from './parts.ts';

const tag = 'Uploads';
const params = z.object({ id: videoIdSchema });

export function createUploadRoutes(context: ServerContext): Route[] {
  const { models } = context.database;
  return [
    defineRoute({
      method: 'post',
      path: '/videos/upload/initiate',
      tag,
      summary: 'Begin an upload',
      description:
        'Without `size_bytes` the answer is one URL for `curl -T`; with it, the URLs of the first parts. Every part ' +
        'but the last has exactly `part_size` bytes and goes to its own URL by PUT.',
      auth: 'user',
      body: initiateUploadRequestSchema,
      answer: { status: 200, description: 'Where to send the file', schema: initiateUploadResponseSchema },
      errors: ['quota_exceeded', 'too_large', 'insufficient_storage'],
      handle: ({ body, identity }) => initiateUpload(context, identity.userId, body),
    }),
    defineRoute({
      method: 'post',
      path: '/videos/upload/complete',
      tag,
      summary: 'Finish an upload',
      description: 'Verifies what the store holds and starts the transcode. Doing so again answers the same.',
      auth: 'user',
      body: completeUploadRequestSchema,
      answer: { status: 202, description: 'The transcode has begun', schema: completeUploadResponseSchema },
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
          message: 'The upload is complete; the video is on its way.',
          video: await describeVideo(context, video),
        };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/videos/upload/resumable',
      tag,
      summary: 'Find an unfinished upload of the same file',
      auth: 'user',
      query: sameFileQuerySchema,
      answer: { status: 200, description: 'The newest one, or null', schema: resumableResponseSchema },
      async handle({ query, identity }) {
        const file = { fingerprint: query.fingerprint, sizeBytes: query.size_bytes };
        const upload = await findResumableUpload(models, identity.userId, file);
        return { upload: upload && (await describeIfThere(upload)) };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/videos/upload/duplicates',
      tag,
      summary: 'Find videos of the same file',
      description:
        'At most five of one’s own, the newest first. Those that are being uploaded or were canceled are none.',
      auth: 'user',
      query: sameFileQuerySchema,
      answer: { status: 200, description: 'The videos', schema: duplicatesResponseSchema },
      async handle({ query, identity }) {
        const file = { fingerprint: query.fingerprint, sizeBytes: query.size_bytes };
        const videos = await findDuplicates(context, identity.userId, file);
        return { videos: await describeVideos(context, videos) };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/videos/{id}/upload',
      tag,
      summary: 'What the store holds of an upload',
      auth: 'user',
      params,
      answer: { status: 200, description: 'The parts that are whole', schema: uploadStatusSchema },
      errors: ['not_found', 'upload_gone', 'state_conflict', 'quota_exceeded'],
      async handle({ params: { id }, identity, requestId }) {
        const upload = await findMultipartUpload(models, id, identity);
        try {
          return await describeUpload(context, upload);
        } catch (error) {
          if (!(error instanceof ReelmillError && error.code === 'upload_gone')) throw error;
          // a complete that was cut off after the store had joined the parts: it only needs to be finished
          await completeUpload(context, upload.video, requestId);
          throw uploadEndedError(upload.video);
        }
      },
    }),
    defineRoute({
      method: 'post',
      path: '/videos/{id}/upload/parts',
      tag,
      summary: 'Sign the URLs of parts',
      auth: 'user',
      params,
      body: signPartsRequestSchema,
      answer: { status: 200, description: 'One URL for each part', schema: signPartsResponseSchema },
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
      summary: 'Give an upload up',
      auth: 'user',
      params,
      answer: { status: 204, description: 'The video is canceled, its parts are gone' },
      errors: ['not_found', 'state_conflict', 'upload_gone'],
      async handle({ params: { id }, ...exchange }) {
        const video = await findOwnVideo(models, id, exchange.identity);
        await cancelUpload(context, video, actorOf(exchange));
      },
    }),
  ];

  async function describeIfThere(upload: MultipartUpload): Promise<UploadStatus | null> {
    try {
      return await describeUpload(context, upload);
    } catch (error) {
      if (error instanceof ReelmillError && error.code === 'upload_gone') return null;
      throw error;
    }
  }
}
