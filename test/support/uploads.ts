import assert from 'node:assert/strict';
import {
  completeUploadResponseSchema,
  type InitiateUploadRequest,
  type UploadPlan,
  uploadPlanSchema,
} from '@reelmill/shared/contracts/uploads.ts';
import { z } from 'zod';
import type { ApiResponse, ApiUser } from './apiClient.ts';

const singleSchema = z.strictObject({ video_id: z.int(), upload_url: z.url() });
const multipartSchema = z.strictObject({ video_id: z.int(), upload: uploadPlanSchema });

/** Begins a single PUT. */
export async function beginSingle(
  user: ApiUser,
  body: Partial<InitiateUploadRequest> = {},
): Promise<{ videoId: number; url: string }> {
  const response = await user.call('POST', '/videos/upload/initiate', {
    body: { file_name: 'film.mp4', ...body },
  });
  assert.equal(response.status, 200, response.text);
  const { video_id, upload_url } = response.as(singleSchema);
  return { videoId: video_id, url: upload_url };
}

/** Begins an upload in parts. */
export async function beginMultipart(
  user: ApiUser,
  sizeBytes: number,
  body: Partial<InitiateUploadRequest> = {},
): Promise<{ videoId: number; plan: UploadPlan }> {
  const response = await user.call('POST', '/videos/upload/initiate', {
    body: { file_name: 'film.mp4', size_bytes: sizeBytes, ...body },
  });
  assert.equal(response.status, 200, response.text);
  const { video_id, upload } = response.as(multipartSchema);
  return { videoId: video_id, plan: upload };
}

/** PUTs bytes to a signed URL and returns the status. */
export async function put(url: string | undefined, bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  assert.ok(url);
  const response = await fetch(url, { method: 'PUT', body: bytes, signal: AbortSignal.timeout(60_000) });
  await response.arrayBuffer();
  return response.status;
}

export function complete(user: ApiUser, videoId: number): Promise<ApiResponse> {
  return user.call('POST', '/videos/upload/complete', { body: { video_id: videoId } });
}

/** A video whose upload is complete; its bytes are no film. */
export async function uploadSomething(
  user: ApiUser,
  body: Partial<InitiateUploadRequest> = {},
): Promise<number> {
  const { videoId, url } = await beginSingle(user, body);
  assert.equal(await put(url, new Uint8Array([1, 2, 3])), 200);
  const response = await complete(user, videoId);
  assert.equal(response.status, 202, response.text);
  assert.equal(response.as(completeUploadResponseSchema).video.status, 'transcoding');
  return videoId;
}
