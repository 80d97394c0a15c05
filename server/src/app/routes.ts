import type { Router } from 'express';
import { createAdminUserRoutes } from '../admin/userRoutes.ts';
import { createAdminVideoRoutes } from '../admin/videoRoutes.ts';
import { createAuditRoutes } from '../audit/auditRoutes.ts';
import { createAuthRoutes } from '../auth/routes.ts';
import type { ServerContext } from '../context/serverContext.ts';
import { createAdminFarmRoutes } from '../farm/farmRoutes.ts';
import { createHealthRoutes } from '../health/healthRoutes.ts';
import type { Route } from '../http/route.ts';
import { createRetentionRoutes } from '../maintenance/routes.ts';
import { createMetricsRoutes } from '../metrics/routes.ts';
import { createPlaybackRoutes } from '../playback/routes.ts';
import { createWatchPages } from '../playback/watchPages.ts';
import { createUploadRoutes } from '../uploads/routes.ts';
import { createUserRoutes } from '../users/routes.ts';
import type { VideoFeed } from '../videos/feed.ts';
import { createVideoRoutes } from '../videos/routes.ts';
import { createWebhookRoutes } from '../webhooks/routes.ts';
import { createDocs } from './docs.ts';
import { createServerRoutes } from './serverRoutes.ts';

/** Returns every route of the API, in the order of the OpenAPI document. */
export function listRoutes(context: ServerContext, feed: VideoFeed): Route[] {
  return [
    ...createServerRoutes(context),
    ...createAuthRoutes(context),
    ...createUserRoutes(context),
    ...createUploadRoutes(context),
    ...createVideoRoutes(context, feed),
    ...createPlaybackRoutes(context, context.playbackUrls),
    ...createWebhookRoutes(context),
    ...createAdminFarmRoutes(context),
    ...createAdminVideoRoutes(context),
    ...createAdminUserRoutes(context),
    ...createAuditRoutes(context),
    ...createRetentionRoutes(context),
    ...createHealthRoutes(context),
    ...createMetricsRoutes(context),
  ];
}

/** Returns the pages that people open in a browser. */
export function listPages(context: ServerContext): Router[] {
  return [createDocs(context), createWatchPages(context, context.playbackUrls)];
}
