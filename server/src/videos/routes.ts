import {
  guestVideoDetailSchema,
  videoDetailSchema,
  videoIdSchema,
  videoListQuerySchema,
  videoListSchema,
  videoResponseSchema,
  videoUpdateSchema,
} from '@reelmill/shared/contracts/videos.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import { z } from 'zod';
import { actorOf } from '../audit/auditLog.ts';
import { findEnded } from '../auth/sessions.ts';
import { findOwnVideo, findVisibleVideo, requireAccess } from '../catalog/access.ts';
import { batchReads } from '../catalog/batchReads.ts';
import {
  forGuest,
  readSupplements,
  serializeDetail,
  serializeVideo,
  serializeVideos,
} from '../catalog/serializeVideo.ts';
import { findVideos, listVideos } from '../catalog/videoRepository.ts';
import type { ServerContext } from '../context/serverContext.ts';
import type { VideoRow } from '../db/rows.ts';
import { networkOf } from '../http/clientNetwork.ts';
import { defineRoute, type Identity, type Route } from '../http/route.ts';
import { StreamSlots } from '../http/streamSlots.ts';
import { linkQuerySchema } from '../signing/signedLinks.ts';
import { cancelVideo, deleteVideo, renewLink, retryVideo, updateVideo } from './changeVideo.ts';
import { streamVideo } from './eventStream.ts';
import type { VideoFeed } from './feed.ts';

const tag = 'Videos';
const params = z.object({ id: videoIdSchema });

export function createVideoRoutes(context: ServerContext, feed: VideoFeed): Route[] {
  return [...createReadingRoutes(context, feed), ...createChangingRoutes(context)];
}

function createReadingRoutes(context: ServerContext, feed: VideoFeed): Route[] {
  const { models } = context.database;
  const slots = new StreamSlots(context.config);
  // in two steps: a video that this viewer may not see costs no more queries than a missing one
  const readRow = batchReads((ids: readonly number[]) => findVideos(models, ids), Number);
  const readSupplement = batchReads(
    (rows: readonly VideoRow[]) => readSupplements(context, rows),
    ({ id }) => id,
  );
  return [
    defineRoute({
      method: 'get',
      path: '/videos',
      tag,
      summary: 'Your videos',
      auth: 'user',
      query: videoListQuerySchema,
      response: {
        status: 200,
        description: 'One page and the total count',
        schema: videoListSchema,
      },
      async handle({ query, identity }) {
        const { rows, count } = await listVideos(models, identity.userId, query);
        return { videos: await serializeVideos(context, rows), total: count };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/videos/{id}',
      tag,
      summary: 'A video and its renditions',
      description:
        'All fields for its owner. Everybody else gets what a player needs (`GuestVideoDetail`), if the video is ' +
        '`public`, or with the query of its `watch_url`: a token if it is `unlisted`, a signature that expires if it is ' +
        '`private`.',
      auth: 'optional',
      params,
      query: linkQuerySchema,
      response: {
        status: 200,
        description: 'The video',
        schema: z.union([videoDetailSchema, guestVideoDetailSchema]),
      },
      errors: ['not_found', 'signature_invalid'],
      async handle({ params: { id }, query, identity }) {
        const viewer = { identity, name: 'watch', query };
        const found = { id, row: await readRow(id) };
        const { row, access } = requireAccess(context.playbackUrls, found, viewer);
        const detail = await serializeDetail(context, row, await readSupplement(row));
        return access === 'full' ? detail : forGuest(detail);
      },
    }),
    defineRoute({
      method: 'get',
      path: '/videos/{id}/events',
      tag,
      summary: 'Follow a video',
      description:
        'Server-sent events: the same object as `GET /videos/{id}`, at once and whenever it changes. Ends when the ' +
        'video is online, failed or canceled, and within seconds after the session has ended. The number of open streams ' +
        'of a user, of an address and in all is limited.',
      auth: 'optional',
      params,
      query: linkQuerySchema,
      response: { status: 200, description: 'Events', contentType: 'text/event-stream' },
      errors: ['not_found', 'signature_invalid', 'too_many_streams'],
      async handle({ params: { id }, query, identity, request, response, signal }) {
        const viewer = { identity, name: 'watch', query };
        await findVisibleVideo(context, id, viewer);
        await assertSessionActive(context, identity);
        const network = networkOf(request.ip ?? 'unknown');
        const release = slots.claim({ userId: identity?.userId ?? null, network });
        try {
          await streamVideo(feed, response, { videoId: id, viewer, signal, stopping: context.stopping });
        } finally {
          release();
        }
      },
    }),
  ];
}

/** Throws `unauthorized` for a token whose session has ended, since a stream outlives its token. */
async function assertSessionActive(context: ServerContext, identity: Identity | null): Promise<void> {
  if (identity === null || (await findEnded(context, [identity])).size === 0) return;
  throw new ReelmillError('unauthorized', 'This session has ended. Log in again.');
}

function createChangingRoutes(context: ServerContext): Route[] {
  const { models } = context.database;
  return [
    defineRoute({
      method: 'patch',
      path: '/videos/{id}',
      tag,
      summary: 'Change title, description or visibility',
      auth: 'user',
      params,
      body: videoUpdateSchema,
      response: { status: 200, description: 'The video as it is now', schema: videoResponseSchema },
      errors: ['not_found'],
      async handle({ params: { id }, body, ...requestContext }) {
        const video = await findOwnVideo(models, id, requestContext.identity);
        await updateVideo(context, video, body, actorOf(requestContext));
        return { video: await serializeVideo(context, video) };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/videos/{id}/renew-link',
      tag,
      summary: 'Make a new link',
      description:
        'Revokes every link to a private or unlisted video; the response has a new one. Guests lose access to the video; ' +
        'a player that has loaded it continues until its signed URLs of the store expire.',
      auth: 'user',
      params,
      response: { status: 200, description: 'The video with its new link', schema: videoResponseSchema },
      errors: ['not_found', 'state_conflict'],
      async handle({ params: { id }, ...requestContext }) {
        const video = await findOwnVideo(models, id, requestContext.identity);
        await renewLink(context, video, actorOf(requestContext));
        return { video: await serializeVideo(context, video) };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/videos/{id}/cancel',
      tag,
      summary: 'Stop an upload or a transcode',
      auth: 'user',
      params,
      response: { status: 200, description: 'The video, canceled', schema: videoResponseSchema },
      errors: ['not_found', 'state_conflict', 'upload_gone'],
      async handle({ params: { id }, ...requestContext }) {
        const video = await findOwnVideo(models, id, requestContext.identity);
        await cancelVideo(context, video, actorOf(requestContext));
        return { video: await serializeVideo(context, video) };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/videos/{id}/retry',
      tag,
      summary: 'Transcode a failed or canceled video again',
      auth: 'user',
      params,
      response: { status: 202, description: 'The video, transcoding', schema: videoResponseSchema },
      errors: ['not_found', 'state_conflict', 'source_gone'],
      async handle({ params: { id }, ...requestContext }) {
        const video = await findOwnVideo(models, id, requestContext.identity);
        await retryVideo(context, video, actorOf(requestContext));
        return { video: await serializeVideo(context, video) };
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/videos/{id}',
      tag,
      summary: 'Delete a video',
      auth: 'user',
      params,
      response: { status: 204, description: 'It is deleted; its objects are removed later' },
      errors: ['not_found'],
      async handle({ params: { id }, ...requestContext }) {
        const video = await findOwnVideo(models, id, requestContext.identity);
        await deleteVideo(context, video, actorOf(requestContext));
      },
    }),
  ];
}
