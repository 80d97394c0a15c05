import { serverInfoSchema } from '@reelmill/shared/contracts/server.ts';
import type { ServerContext } from '../context/serverContext.ts';
import { defineRoute, type Route } from '../http/route.ts';

/** What a client must know before anybody logs in. */
export function createServerRoutes({ config, version, playbackUrls }: ServerContext): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/server',
      tag: 'Operation',
      summary: 'What this server is',
      description:
        'Whether anybody may register, and the origins that signed URLs of this server point to: a page with a content ' +
        'security policy must allow them.',
      auth: 'none',
      answer: { status: 200, description: 'The server', schema: serverInfoSchema },
      handle: async () => ({
        name: 'reelmill',
        version,
        registration: config.REGISTRATION,
        media_origins: await playbackUrls.mediaOrigins(),
      }),
    }),
  ];
}
