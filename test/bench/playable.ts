import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { makeTemporaryFolder } from '../support/processes.ts';
import { startServerProcess } from '../support/server.ts';
import { FarmClient } from './farmClient.ts';
import { type BenchReport, median, secondsOf } from './figures.ts';
import { type Film, longFilm } from './films.ts';
import type { BenchOptions } from './options.ts';

const TARGET_SECONDS = 5;

/**
 * From the request that completes the upload of a long film until its beginning plays: the video says so, and the
 * playlists, the init segments and the first segment of picture and sound can be had.
 */
export async function benchPlayable(options: BenchOptions): Promise<BenchReport> {
  const film = await longFilm(options.seconds);
  const folder = await makeTemporaryFolder('bench');
  const server = await startServerProcess({ REELMILL_DATA: folder.path });
  const runs: number[] = [];
  try {
    const client = await FarmClient.signUp(server.url);
    for (let run = 0; run < options.runs; run += 1) {
      runs.push(await playOnce(client, film));
      options.onRun(`${run + 1} of ${options.runs}: ${runs.at(-1)?.toFixed(2)} s`);
    }
  } finally {
    await server.stop();
    await folder.remove();
  }
  const seconds = median(runs);
  return {
    title: `playable: ${(film.seconds / 60).toFixed(1)} minutes of 1080p30, from complete to its first pictures and sound`,
    columns: ['', 'median (runs)'],
    rows: [['one worker', secondsOf(runs)]],
    remarks: [`target: under ${TARGET_SECONDS} s: ${seconds < TARGET_SECONDS ? 'met' : 'missed'}`],
  };
}

async function playOnce(client: FarmClient, film: Film): Promise<number> {
  const video = await client.upload(film.file);
  const begun = performance.now();
  await video.complete();
  const playable = await video.waitFor('playable', (state) => state.playable);
  await fetchBeginning(playable);
  const seconds = (performance.now() - begun) / 1000;
  // otherwise the worker would go on with half an hour of it
  await video.remove();
  return seconds;
}

/** What a player loads before it shows the first picture. */
async function fetchBeginning(video: Video): Promise<void> {
  if (video.playback_url === null) throw new Error('a playable video has a playlist');
  const master = await fetchText(video.playback_url);
  const picture = firstUri(master);
  const sound = /#EXT-X-MEDIA:TYPE=AUDIO.*URI="([^"]+)"/.exec(master)?.[1];
  if (picture === undefined || sound === undefined) throw new Error(`picture or sound is missing: ${master}`);
  await Promise.all([picture, sound].map((uri) => fetchFirstSegment(new URL(uri, video.playback_url ?? ''))));
}

async function fetchFirstSegment(playlistUrl: URL): Promise<void> {
  const playlist = await fetchText(playlistUrl);
  const init = /#EXT-X-MAP:URI="([^"]+)"/.exec(playlist)?.[1];
  const segment = firstUri(playlist);
  if (init === undefined || segment === undefined) throw new Error(`nothing to play: ${playlist}`);
  for (const uri of [init, segment]) {
    const bytes = await (await get(new URL(uri, playlistUrl))).arrayBuffer();
    if (bytes.byteLength === 0) throw new Error(`${uri} is empty`);
  }
}

function firstUri(playlist: string): string | undefined {
  return playlist.split('\n').find((line) => line !== '' && !line.startsWith('#'));
}

async function fetchText(url: string | URL): Promise<string> {
  return (await get(url)).text();
}

async function get(url: string | URL): Promise<Response> {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  if (!response.ok) throw new Error(`${new URL(url).pathname} answered ${response.status}`);
  return response;
}
