import { videoIdSchema } from '@reelmill/shared/contracts/videos.ts';
import type { Response } from 'express';
import { z } from 'zod';
import { findVisibleVideo } from '../catalog/access.ts';
import type { ServerContext } from '../context/serverContext.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { PlaybackUrls } from '../signing/playbackUrls.ts';
import { linkQuerySchema } from '../signing/signedLinks.ts';
import { createPlaylistService } from './playlistService.ts';

export const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';

const MAX_AGE_SECONDS = 60;

/** The playlists and the storyboard. */
export function createPlaybackRoutes(context: ServerContext, urls: PlaybackUrls): Route[] {
  const { database, store } = context;
  const playlists = createPlaylistService({ models: database.models, store, urls });

  /** Caches a playlist only as long as none of its links expires. */
  function cacheFor(response: Response): void {
    const seconds = Math.floor(Math.min(MAX_AGE_SECONDS, urls.secondsLeft() / 4));
    response.setHeader('Cache-Control', `private, max-age=${seconds}`);
  }

  return [
    defineRoute({
      method: 'get',
      path: '/videos/{id}/hls/{playlist}',
      summary: 'Playlist of a video',
      description:
        '`master.m3u8`, one quality with its audio (`master-720p.m3u8`), or a single rendition (`720p.m3u8`, `audio.m3u8`). ' +
        'Every URL in it is signed. While the video is transcoding, an EVENT playlist of its playable prefix.',
      tag: 'Playback',
      auth: 'optional',
      params: z.object({
        id: videoIdSchema,
        playlist: z
          .string()
          .regex(/^(master(-\d{1,5}p)?|audio|\d{1,5}p)\.m3u8$/, 'is not the name of a playlist'),
      }),
      query: linkQuerySchema,
      errors: ['signature_invalid', 'not_found', 'state_conflict'],
      response: { status: 200, description: 'The playlist', contentType: PLAYLIST_TYPE },
      async handle({ params: { id, playlist }, query, identity, response }) {
        const video = await findVisibleVideo(context, id, { identity, name: playlist, query });
        const { body, isEvent } = await playlists.playlist(video, playlist.replace(/\.m3u8$/, ''));
        if (isEvent) response.setHeader('Cache-Control', 'no-store');
        else cacheFor(response);
        sendText(response, PLAYLIST_TYPE, body);
      },
    }),
    defineRoute({
      method: 'get',
      path: '/videos/{id}/storyboard.vtt',
      summary: 'Storyboard of a video',
      description: 'WebVTT: each cue is a time range and its tile of the storyboard picture.',
      tag: 'Playback',
      auth: 'optional',
      params: z.object({ id: videoIdSchema }),
      query: linkQuerySchema,
      errors: ['signature_invalid', 'not_found'],
      response: { status: 200, description: 'The storyboard', contentType: 'text/vtt' },
      async handle({ params: { id }, query, identity, response }) {
        const video = await findVisibleVideo(context, id, { identity, name: 'storyboard.vtt', query });
        const body = await playlists.storyboard(video);
        cacheFor(response);
        sendText(response, 'text/vtt; charset=utf-8', body);
      },
    }),
  ];
}

function sendText(response: Response, contentType: string, body: string): void {
  response.setHeader('Content-Type', contentType);
  // as bytes: Express would add a charset to the media type, which has none
  response.send(Buffer.from(body));
}
