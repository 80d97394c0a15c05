import {
  adminVideoListSchema,
  adminVideoQuerySchema,
  adminVideoSchema,
  adminVideoUpdateSchema,
} from '@reelmill/shared/contracts/adminVideos.ts';
import { videoIdSchema } from '@reelmill/shared/contracts/videos.ts';
import { z } from 'zod';
import { actorOf } from '../audit/auditLog.ts';
import type { ServerContext } from '../context/serverContext.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { changePriority, listAllVideos } from './videoAdministration.ts';

const tag = 'Administration';

/** Only what the routes of `/videos` do not do: there admins may change every video as its owner may. */
export function createAdminVideoRoutes(context: ServerContext): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/admin/videos',
      tag,
      summary: 'The videos of all users',
      description:
        'To change one, cancel, retry or delete it, use the routes of `/videos`: an admin may do there what the owner may.',
      auth: 'admin',
      query: adminVideoQuerySchema,
      response: { status: 200, description: 'One page', schema: adminVideoListSchema },
      handle: ({ query }) => listAllVideos(context, query),
    }),
    defineRoute({
      method: 'patch',
      path: '/admin/videos/{id}',
      tag,
      summary: 'Change the priority of a video',
      description:
        'Tasks of `high` are dispatched before all others, those of `low` only when nothing else waits. Tasks that ' +
        'workers run or the queue holds (about two for each worker) keep their order.',
      auth: 'admin',
      params: z.object({ id: videoIdSchema }),
      body: adminVideoUpdateSchema,
      response: { status: 200, description: 'The video as it is now', schema: adminVideoSchema },
      errors: ['not_found'],
      handle: ({ params: { id }, body, ...requestContext }) =>
        changePriority(context, id, body.priority, actorOf(requestContext)),
    }),
  ];
}
