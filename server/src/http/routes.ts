import type { Router } from 'express';
import { createHealthRoutes } from '../admin/healthRoutes.ts';
import type { Metrics } from '../admin/metrics.ts';
import { createPlaybackRoutes } from '../playback/routes.ts';
import { createUploadRoutes } from '../upload/routes.ts';
import { createUserRoutes } from '../users/routes.ts';
import type { VideoFeed } from '../videos/feed.ts';
import { createVideoRoutes } from '../videos/routes.ts';
import type { ServerContext } from './context.ts';
import type { Route } from './route.ts';

/** What routes share within one server, besides its context. */
export interface RouteServices {
  metrics: Metrics;
  feed: VideoFeed;
}

/** Every route of the API, in the order of the document. */
export function listRoutes(context: ServerContext, { feed }: RouteServices): Route[] {
  return [
    ...createUserRoutes(context),
    ...createUploadRoutes(context),
    ...createVideoRoutes(context, feed),
    ...createPlaybackRoutes(context, context.playbackUrls),
    ...createHealthRoutes(context),
  ];
}

/** What people open in a browser. */
export function listPages(_context: ServerContext): Router[] {
  return [];
}
