import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { objectKeys } from '@reelmill/shared/core/objectKeys.ts';
import type { MediaStore } from './mediaStore.ts';

const run = promisify(execFile);
const MAX_OUTPUT = 64 * 1024 * 1024;

/** What a rendition is when its init and all its segments are put one behind the other. */
export interface JoinedOutput {
  file: string;
  width: number;
  height: number;
  codec: string;
  pixelFormat: string;
  tags: Record<string, string>;
  color: { space: string; primaries: string; transfer: string; range: string };
  sampleAspectRatio: string;
  rotation: number;
  channels: number;
  streams: number;
  /** Ascending presentation times in seconds with durations. */
  packets: { time: number; duration: number }[];
  /** Frames that were decoded, and what the decoder complained about. */
  decodedFrames: number;
  complaints: string;
}

/** Puts a rendition's objects together in a file beside the store and looks at it with ffprobe and ffmpeg. */
export async function joinOutput(
  media: MediaStore,
  name: string,
  segmentCount: number,
  version = 1,
): Promise<JoinedOutput> {
  const keys = [
    objectKeys.init(1, name, version),
    ...Array.from({ length: segmentCount }, (_, index) => objectKeys.segment(1, name, version, index)),
  ];
  const parts = await Promise.all(keys.map(async (key) => buffer(await media.store.get(key))));
  const file = path.join(media.root, `joined-${name}.mp4`);
  await writeFile(file, Buffer.concat(parts));
  return lookAt(file);
}

/** Looks at a file of one rendition with ffprobe and ffmpeg; what it decodes to is noted beside it. */
export async function lookAt(file: string): Promise<JoinedOutput> {
  return { file, ...(await readStreams(file)), ...(await decode(file)) };
}

interface Probed {
  format: { tags?: Record<string, string> };
  streams: Record<string, unknown>[];
  packets: { pts_time: string; duration_time?: string }[];
}

async function readStreams(
  file: string,
): Promise<Omit<JoinedOutput, 'file' | 'decodedFrames' | 'complaints'>> {
  const { stdout } = await run(
    'ffprobe',
    ['-v', 'error', '-show_format', '-show_streams', '-show_packets', '-of', 'json', file],
    { maxBuffer: MAX_OUTPUT },
  );
  const probed = JSON.parse(stdout) as Probed; // ffprobe's own format, in a test
  const stream = probed.streams[0] ?? {};
  const text = (name: string): string => String(stream[name] ?? '');
  return {
    width: Number(stream.width ?? 0),
    height: Number(stream.height ?? 0),
    codec: text('codec_name'),
    pixelFormat: text('pix_fmt'),
    tags: { ...(stream.tags as Record<string, string> | undefined), ...probed.format.tags }, // strings by ffprobe
    color: {
      space: text('color_space'),
      primaries: text('color_primaries'),
      transfer: text('color_transfer'),
      range: text('color_range'),
    },
    sampleAspectRatio: text('sample_aspect_ratio'),
    rotation: JSON.stringify(stream.side_data_list ?? []).includes('rotation') ? 1 : 0,
    channels: Number(stream.channels ?? 0),
    streams: probed.streams.length,
    packets: probed.packets
      .map((packet) => ({ time: Number(packet.pts_time), duration: Number(packet.duration_time ?? 0) }))
      .sort((a, b) => a.time - b.time),
  };
}

async function decode(file: string): Promise<{ decodedFrames: number; complaints: string }> {
  const md5 = `${file}.framemd5`;
  const { stderr } = await run(
    'ffmpeg',
    ['-v', 'warning', '-y', '-i', file, '-map', '0', '-fps_mode', 'passthrough', '-f', 'framemd5', md5],
    { maxBuffer: MAX_OUTPUT },
  );
  const lines = (await readFile(md5, 'utf8')).split('\n');
  return {
    decodedFrames: lines.filter((line) => line !== '' && !line.startsWith('#')).length,
    complaints: stderr.trim(),
  };
}

/** The largest distance by which a packet does not begin where the one before it ends, in seconds. */
export function largestGap(packets: JoinedOutput['packets']): number {
  return packets.slice(1).reduce((worst, packet, index) => {
    const before = packets[index];
    // ffprobe leaves out the duration of a track's very first packet
    const duration = before?.duration || packet.duration;
    return before ? Math.max(worst, Math.abs(packet.time - before.time - duration)) : worst;
  }, 0);
}
