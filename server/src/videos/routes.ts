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
import {
  describeDetail,
  describeVideo,
  describeVideos,
  forGuest,
  readSupplements,
} from '../catalog/describeVideo.ts';
import { gatherReads } from '../catalog/gatherReads.ts';
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
  // one after the other: of what is not for this viewer no more is read than of what is not there
  const readRow = gatherReads((ids: readonly number[]) => findVideos(models, ids), Number);
  const readSupplement = gatherReads(
    (rows: readonly VideoRow[]) => readSupplements(context, rows),
    ({ id }) => id,
  );
  return [
    defineRoute({
      method: 'get',
      path: '/videos',
      tag,
      summary: 'My videos',
      auth: 'user',
      query: videoListQuerySchema,
      answer: {
        status: 200,
        description: 'One page, and how many there are in all',
        schema: videoListSchema,
      },
      async handle({ query, identity }) {
        const { rows, count } = await listVideos(models, identity.userId, query);
        return { videos: await describeVideos(context, rows), total: count };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/videos/{id}',
      tag,
      summary: 'A video and its renditions',
      description:
        'All of it for its owner. Everybody else sees what watching takes (`GuestVideoDetail`), where the video is ' +
        '`public`, or with the query of its `watch_url`: a token where it is `unlisted`, a signature that expires where ' +
        'it is `private`.',
      auth: 'optional',
      params,
      query: linkQuerySchema,
      answer: {
        status: 200,
        description: 'The video',
        schema: z.union([videoDetailSchema, guestVideoDetailSchema]),
      },
      errors: ['not_found', 'signature_invalid'],
      async handle({ params: { id }, query, identity }) {
        const viewer = { identity, name: 'watch', query };
        const found = { id, row: await readRow(id) };
        const { row, access } = requireAccess(context.playbackUrls, found, viewer);
        const detail = await describeDetail(context, row, await readSupplement(row));
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
        'video is online, failed or canceled, and within seconds of the session itself. So many may be open at once for ' +
        'a user, for an address and in all.',
      auth: 'optional',
      params,
      query: linkQuerySchema,
      answer: { status: 200, description: 'Events', contentType: 'text/event-stream' },
      errors: ['not_found', 'signature_invalid', 'too_many_streams'],
      async handle({ params: { id }, query, identity, request, response, signal }) {
        const viewer = { identity, name: 'watch', query };
        await findVisibleVideo(context, id, viewer);
        await refuseEnded(context, identity);
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

/** A stream outlives the token it was opened with, so a token whose session has ended opens none. */
async function refuseEnded(context: ServerContext, identity: Identity | null): Promise<void> {
  if (identity === null || (await findEnded(context, [identity])).size === 0) return;
  throw new ReelmillError('unauthorized', 'This session was ended; log in again.');
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
      answer: { status: 200, description: 'The video as it is now', schema: videoResponseSchema },
      errors: ['not_found'],
      async handle({ params: { id }, body, ...exchange }) {
        const video = await findOwnVideo(models, id, exchange.identity);
        await updateVideo(context, video, body, actorOf(exchange));
        return { video: await describeVideo(context, video) };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/videos/{id}/renew-link',
      tag,
      summary: 'Make a new link',
      description:
        'Revokes every link to a private or unlisted video; the answer has a new one. Guests see nothing of the video ' +
        'any more; what a player has loaded plays on until its addresses in the store expire.',
      auth: 'user',
      params,
      answer: { status: 200, description: 'The video with its new link', schema: videoResponseSchema },
      errors: ['not_found', 'state_conflict'],
      async handle({ params: { id }, ...exchange }) {
        const video = await findOwnVideo(models, id, exchange.identity);
        await renewLink(context, video, actorOf(exchange));
        return { video: await describeVideo(context, video) };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/videos/{id}/cancel',
      tag,
      summary: 'Stop an upload or a transcode',
      auth: 'user',
      params,
      answer: { status: 200, description: 'The video, canceled', schema: videoResponseSchema },
      errors: ['not_found', 'state_conflict', 'upload_gone'],
      async handle({ params: { id }, ...exchange }) {
        const video = await findOwnVideo(models, id, exchange.identity);
        await cancelVideo(context, video, actorOf(exchange));
        return { video: await describeVideo(context, video) };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/videos/{id}/retry',
      tag,
      summary: 'Transcode a failed or canceled video again',
      auth: 'user',
      params,
      answer: { status: 202, description: 'The video, transcoding', schema: videoResponseSchema },
      errors: ['not_found', 'state_conflict', 'source_gone'],
      async handle({ params: { id }, ...exchange }) {
        const video = await findOwnVideo(models, id, exchange.identity);
        await retryVideo(context, video, actorOf(exchange));
        return { video: await describeVideo(context, video) };
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/videos/{id}',
      tag,
      summary: 'Delete a video',
      auth: 'user',
      params,
      answer: { status: 204, description: 'It is gone; its objects follow' },
      errors: ['not_found'],
      async handle({ params: { id }, ...exchange }) {
        const video = await findOwnVideo(models, id, exchange.identity);
        await deleteVideo(context, video, actorOf(exchange));
      },
    }),
  ];
}
