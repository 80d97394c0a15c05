import { videoIdSchema } from '@reelmill/shared/contracts/videos.ts';
import { type Response, Router } from 'express';
import { type Access, decideAccess, WITH_OWNER } from '../catalog/access.ts';
import type { ServerContext } from '../context/serverContext.ts';
import type { VideoRow } from '../db/rows.ts';
import { basePathOf } from '../http/basePath.ts';
import { rejectOtherMethods } from '../http/methods.ts';
import { requestInfo } from '../http/requestLog.ts';
import { allowPage } from '../http/security.ts';
import type { PlaybackUrls } from '../signing/playbackUrls.ts';
import { loadAssets } from './assets.ts';
import { renderMissingPage, renderWatchPage, type WatchPage } from './watchPage.ts';

/** Returns the router of `/watch/{id}` and its files. */
export function createWatchPages({ database, publicUrl }: ServerContext, urls: PlaybackUrls): Router {
  const assets = loadAssets(basePathOf(publicUrl));
  const router = Router();
  router.use(assets.router);
  router.get('/watch/:id', async (request, response) => {
    requestInfo(response).route = '/watch/{id}';
    await allowPlayer(response);
    const id = videoIdSchema.safeParse(request.params.id);
    if (!id.success) {
      response.status(404).send(renderMissingPage(assets.url));
      return;
    }
    const where = { id: id.data, deletedAt: null };
    const attributes = [
      'id',
      'title',
      'description',
      'visibility',
      'linkVersion',
      'linkToken',
      'legacyLinkSince',
    ];
    const row = await database.models.Video.findOne({ where, attributes, include: WITH_OWNER });
    const viewer = { identity: null, name: 'watch', query: request.query };
    const access = decideAccess(urls, { id: id.data, row: row ?? undefined }, viewer);
    const { status, ...view } = decideView(row, access, row !== null && urls.isOpenByNumber(row));
    const page = renderWatchPage({ videoId: id.data, asset: assets.url, ...view });
    response.status(status).send(page);
  });
  router.all('/watch/:id', rejectOtherMethods(['GET']));

  /** Media and pictures come from the store, playlists from the API's public address. */
  async function allowPlayer(response: Response): Promise<void> {
    const origins = await urls.mediaOrigins();
    allowPage(response, {
      'connect-src': origins,
      'img-src': origins,
      'media-src': ["'self'", 'blob:', ...origins],
    });
    response.set({
      'Cache-Control': 'private, no-cache',
      'Content-Type': 'text/html; charset=utf-8',
      'X-Robots-Tag': 'noindex',
    });
  }

  return router;
}

type View = Omit<WatchPage, 'videoId' | 'asset'> & { status: number };

/** Without access the page reveals nothing, not even whether the video exists. */
function decideView(video: VideoRow | null, access: Access, isOpen: boolean): View {
  if (video !== null && access === 'guest') return shownTo(isOpen ? 'open' : 'link', video);
  const hidden = { access: 'none', title: null, description: '' } as const;
  if (access === 'expired') {
    const text = 'Ask for a new one, or sign in if the video is yours.';
    return { ...hidden, status: 403, signIn: { title: 'This link has expired', text } };
  }
  const text =
    'There is no public video at this address, or its link was replaced. If it is yours, sign in to watch it.';
  return { ...hidden, status: 401, signIn: { title: 'Sign in to watch', text } };
}

function shownTo(access: 'open' | 'link', { title, description }: VideoRow): View {
  return { status: 200, access, title, description, signIn: null };
}
