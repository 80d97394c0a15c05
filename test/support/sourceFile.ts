import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';

const run = promisify(execFile);

const probedSchema = z.object({
  packets: z.array(z.object({ pts_time: z.coerce.number(), duration_time: z.coerce.number() })).min(1),
  streams: z.tuple([z.object({ r_frame_rate: z.string().regex(/^\d+\/\d+$/) })]),
});

/** What a player would show of a file's picture, counted in its packets. */
export interface SourcePicture {
  frames: number;
  /** From the first picture's beginning to the last one's end. */
  seconds: number;
  /** Frames per second, as the container has it. */
  rate: number;
}

export async function probePicture(file: string): Promise<SourcePicture> {
  const { stdout } = await run(
    'ffprobe',
    [
      ...['-v', 'error', '-select_streams', 'v:0', '-of', 'json'],
      ...['-show_entries', 'packet=pts_time,duration_time:stream=r_frame_rate', file],
    ],
    { maxBuffer: 16 * 1024 * 1024 },
  );
  const { packets, streams } = probedSchema.parse(JSON.parse(stdout));
  const times = packets.map((packet) => packet.pts_time);
  const ends = packets.map((packet) => packet.pts_time + packet.duration_time);
  const [num = 0, den = 1] = streams[0].r_frame_rate.split('/').map(Number);
  return { frames: packets.length, seconds: Math.max(...ends) - Math.min(...times), rate: num / den };
}

/** Width and height of a picture that decodes without a complaint. */
export async function pictureSize(file: string): Promise<[number, number]> {
  const { stderr } = await run('ffmpeg', ['-v', 'error', '-i', file, '-f', 'null', '-']);
  if (stderr !== '') throw new Error(`${file} does not decode cleanly: ${stderr}`);
  const { stdout } = await run('ffprobe', [
    ...['-v', 'error', '-show_entries', 'stream=width,height', '-of', 'csv=p=0', file],
  ]);
  const [width = 0, height = 0] = stdout.trim().split(',').map(Number);
  return [width, height];
}

/** Mean brightness (0 to 255) of the first pictures, as their 8-bit numbers stand. */
export async function meanLuma(file: string): Promise<number> {
  const { stdout } = await run('ffmpeg', [
    ...['-v', 'error', '-i', file, '-frames:v', '10', '-f', 'null'],
    ...['-vf', 'format=yuv420p,signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-', '-'],
  ]);
  const values = [...stdout.matchAll(/YAVG=([\d.]+)/g)].map(([, value]) => Number(value));
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Frequency of a pure tone in hertz, from how often it crosses zero. */
export async function toneHertz(file: string, sampleRate: number): Promise<number> {
  const { stderr } = await run('ffmpeg', [
    ...['-hide_banner', '-nostats', '-v', 'info', '-i', file, '-vn', '-f', 'null'],
    ...['-af', 'astats=measure_perchannel=Zero_crossings_rate:measure_overall=none', '-'],
  ]);
  const [, crossings = ''] = /Zero crossings rate: ([\d.]+)/.exec(stderr) ?? [];
  return (Number(crossings) * sampleRate) / 2;
}
