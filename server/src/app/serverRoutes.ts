import { serverInfoSchema } from '@reelmill/shared/contracts/server.ts';
import type { ServerContext } from '../context/serverContext.ts';
import { defineRoute, type Route } from '../http/route.ts';

/** What a client needs before anybody logs in. */
export function createServerRoutes({ config, version, playbackUrls }: ServerContext): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/server',
      tag: 'Operation',
      summary: 'Information about this server',
      description:
        'Whether registration is open, and the origins of the signed URLs of this server, which a page with a content ' +
        'security policy must allow.',
      auth: 'none',
      response: { status: 200, description: 'The server', schema: serverInfoSchema },
      handle: async () => ({
        name: 'reelmill',
        version,
        registration: config.REGISTRATION,
        media_origins: await playbackUrls.mediaOrigins(),
      }),
    }),
  ];
}
