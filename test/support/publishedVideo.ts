import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { objectKeys, type VideoFolder } from '@reelmill/shared/core/objectKeys.ts';
import type { ObjectStore } from '@reelmill/shared/ports/objectStore.ts';
import { listUris } from '../../server/src/playback/playlistUris.ts';
import { type JoinedOutput, lookAt } from './joinedOutput.ts';

/** One rendition, or the sound, as a player gets it. */
export interface ServedRendition extends JoinedOutput {
  /** A quality, or `audio`. */
  name: string;
  /** File names of its init and its segments. */
  objects: string[];
}

/** Follows a served master playlist to its end: what each playlist in it names is fetched and put together. */
export async function readServed(playbackUrl: string, folder: string): Promise<ServedRendition[]> {
  const playlists = listUris(await fetchText(playbackUrl));
  await mkdir(folder, { recursive: true });
  const served: ServedRendition[] = [];
  for (const playlist of playlists) {
    const name = fileNameOf(playlist).replace('.m3u8', '');
    const uris = listUris(await fetchText(playlist));
    const file = path.join(folder, `${name}.mp4`);
    const parts: Uint8Array[] = [];
    for (const uri of uris) parts.push(await fetchBytes(uri));
    await writeFile(file, Buffer.concat(parts));
    served.push({ name, objects: uris.map(fileNameOf), ...(await lookAt(file)) });
  }
  return served;
}

/** The keys of the stored playlists and of everything that they name, sorted. */
export async function listPublishedKeys(store: ObjectStore, folder: VideoFolder): Promise<string[]> {
  const urisOf = async (key: string): Promise<string[]> =>
    listUris(await text(await store.get(key))).map((uri) => path.posix.join(path.posix.dirname(key), uri));
  const master = objectKeys.master(folder);
  const playlists = await urisOf(master);
  const media = await Promise.all(playlists.map(urisOf));
  return [master, ...playlists, ...media.flat()].sort();
}

/** Every key under a prefix, sorted. */
export async function listKeys(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys.sort();
}

export async function hashObject(store: ObjectStore, key: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(await store.get(key), hash);
  return hash.digest('hex');
}

export async function hashFile(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

export async function fetchText(url: string): Promise<string> {
  return Buffer.from(await fetchBytes(url)).toString();
}

export async function fetchBytes(url: string): Promise<Uint8Array> {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  const bytes = new Uint8Array(await response.arrayBuffer());
  assert.equal(response.status, 200, `${url} responded with ${response.status}`);
  return bytes;
}

function fileNameOf(uri: string): string {
  return path.posix.basename(new URL(uri).pathname);
}
