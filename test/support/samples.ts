import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CACHE = path.join(homedir(), '.cache', 'reelmill', 'samples');

interface Recipe {
  extension: string;
  /** Steps of ffmpeg arguments; `IN` is the file of the step before, the output's name is added. */
  steps: string[][];
}

const picture = (options: string): string[] => ['-f', 'lavfi', '-i', `testsrc2=${options}`];
const tone = (seconds: number, hertz = 440): string[] => [
  ...['-f', 'lavfi', '-i', `sine=frequency=${hertz}:sample_rate=48000:duration=${seconds}`],
];
const h264 = (...options: string[]): string[] => ['-c:v', 'libx264', '-preset', 'ultrafast', ...options];
const aac = ['-c:a', 'aac', '-b:a', '64k'];
const SMALL = 'size=320x180:rate=30';

/** Every sample is small and short; those of more than 15 s come out as several chunks. */
const RECIPES = {
  'h264-aac': {
    extension: 'mp4',
    steps: [
      [
        ...picture(`${SMALL}:duration=22`),
        ...tone(22),
        ...h264('-pix_fmt', 'yuv420p', '-g', '60', '-bf', '2'),
        ...aac,
        ...['-metadata', 'location=+48.8584+002.2945/', '-metadata', 'title=secret title'],
      ],
    ],
  },
  ntsc: {
    extension: 'mp4',
    steps: [
      [
        ...picture('size=320x180:rate=30000/1001:duration=22'),
        ...tone(22),
        ...h264('-pix_fmt', 'yuv420p', '-g', '48'),
        ...aac,
      ],
    ],
  },
  vfr: {
    extension: 'mp4',
    steps: [
      [
        ...picture(`${SMALL}:duration=24`),
        ...[
          '-vf',
          'settb=1/90000,select=gt(mod(n\\,7)*mod(n\\,5)\\,1)*gt(mod(n\\,190)\\,40),setpts=PTS+0.004/TB*mod(N\\,3)',
        ],
        ...['-fps_mode', 'vfr', '-video_track_timescale', '90000'],
        ...h264('-pix_fmt', 'yuv420p', '-g', '97', '-bf', '2'),
      ],
    ],
  },
  rotated: {
    extension: 'mp4',
    steps: [
      [...picture(`${SMALL}:duration=2`), ...h264('-pix_fmt', 'yuv420p')],
      ['-i', 'IN', '-c', 'copy', '-metadata:s:v:0', 'rotate=90'],
    ],
  },
  'no-audio': {
    extension: 'mp4',
    steps: [[...picture(`${SMALL}:duration=2`), ...h264('-pix_fmt', 'yuv420p')]],
  },
  'hevc-hdr': {
    extension: 'mp4',
    steps: [
      [
        ...picture('size=320x180:rate=24:duration=2'),
        ...['-c:v', 'libx265', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p10le', '-tag:v', 'hvc1'],
        ...['-x265-params', 'log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc'],
        ...['-color_primaries', 'bt2020', '-color_trc', 'smpte2084', '-colorspace', 'bt2020nc'],
      ],
    ],
  },
  'hevc-open-gop': {
    extension: 'mkv',
    steps: [
      [
        ...picture('size=320x180:rate=25:duration=17'),
        ...['-c:v', 'libx265', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'],
        ...['-x265-params', 'log-level=error:open-gop=1:keyint=97:min-keyint=97:bframes=3'],
      ],
    ],
  },
  'h264-open-gop': {
    extension: 'mp4',
    steps: [
      [
        ...picture('size=320x180:rate=25:duration=17'),
        ...h264('-pix_fmt', 'yuv420p', '-bf', '3', '-x264-params', 'open-gop=1:keyint=97:scenecut=0'),
      ],
    ],
  },
  'two-audio': {
    extension: 'mkv',
    steps: [
      [
        ...picture(`${SMALL}:duration=3`),
        ...tone(3, 300),
        ...tone(3, 1200),
        ...['-map', '0:v', '-map', '1:a', '-map', '2:a', ...h264('-pix_fmt', 'yuv420p'), ...aac],
        ...['-disposition:a:0', '0', '-disposition:a:1', 'default'],
      ],
    ],
  },
  mpegts: {
    extension: 'ts',
    steps: [
      [
        ...picture('size=320x180:rate=25:duration=22'),
        ...tone(22),
        ...h264('-pix_fmt', 'yuv420p', '-g', '50', '-bf', '2', '-x264-params', 'open-gop=1'),
        ...aac,
      ],
    ],
  },
  'odd-size': {
    extension: 'mkv',
    steps: [
      [
        ...picture('size=162x122:rate=30:duration=1'),
        ...['-vf', 'format=yuv444p,crop=161:121', ...h264('-pix_fmt', 'yuv444p')],
      ],
    ],
  },
  'surround-51': {
    extension: 'mp4',
    steps: [
      [
        ...picture(`${SMALL}:duration=2`),
        ...['-f', 'lavfi', '-i', 'aevalsrc=0.1*sin(880*t)|0|0.1*sin(660*t)|0|0|0:c=5.1:s=48000:d=2'],
        ...h264('-pix_fmt', 'yuv420p'),
        ...['-c:a', 'aac', '-b:a', '128k'],
      ],
    ],
  },
  interlaced: {
    extension: 'mpg',
    steps: [
      [
        ...picture('size=320x240:rate=50:duration=2'),
        ...['-vf', 'interlace,setsar=4/3', '-c:v', 'mpeg2video', '-b:v', '2M', '-flags', '+ilme+ildct'],
      ],
    ],
  },
  /** The picture begins 1 s after the sound. A white flash and a beep come together, 3 s into the sound. */
  'late-video': {
    extension: 'mp4',
    steps: [
      [
        ...['-itsoffset', '1', '-f', 'lavfi', '-i', 'color=black:size=320x180:rate=30:duration=5'],
        ...['-f', 'lavfi', '-i', 'aevalsrc=0.8*sin(2*PI*1000*t)*between(t\\,3\\,3.2):s=48000:d=6'],
        ...['-vf', 'drawbox=color=white:t=fill:enable=between(t\\,3\\,3.2)', '-fps_mode', 'passthrough'],
        ...h264('-pix_fmt', 'yuv420p'),
        ...aac,
      ],
    ],
  },
  /** The sound begins 0.5 s after the picture; flash and beep together at 2 s. */
  'late-audio': {
    extension: 'mp4',
    steps: [
      [
        ...['-f', 'lavfi', '-i', 'color=black:size=320x180:rate=30:duration=4'],
        ...['-itsoffset', '0.5', '-f', 'lavfi'],
        ...['-i', 'aevalsrc=0.8*sin(2*PI*1000*t)*between(t\\,1.5\\,1.7):s=48000:d=3'],
        ...['-vf', 'drawbox=color=white:t=fill:enable=between(t\\,2\\,2.2)', ...h264('-pix_fmt', 'yuv420p')],
        ...aac,
      ],
    ],
  },
  'audio-only': { extension: 'mp4', steps: [[...tone(1), ...aac]] },
  'cover-art': {
    extension: 'm4a',
    steps: [
      [
        ...tone(1),
        ...picture('size=64x64:rate=1:duration=1'),
        ...['-map', '0', '-map', '1', '-frames:v', '1', '-c:v', 'mjpeg', ...aac],
        ...['-disposition:v:0', 'attached_pic', '-f', 'mp4'],
      ],
    ],
  },
  encrypted: {
    extension: 'mp4',
    steps: [
      [
        ...picture(`${SMALL}:duration=1`),
        ...h264('-pix_fmt', 'yuv420p', '-encryption_scheme', 'cenc-aes-ctr'),
        ...['-encryption_key', '76a6c65c5ea762046bd749a2e632ccbb'],
        ...['-encryption_kid', 'a7e61c373e219033c21091fa607bf3b8'],
      ],
    ],
  },
} satisfies Record<string, Recipe>;

export type SampleName = keyof typeof RECIPES;

/** Path of a sample, made by ffmpeg once and kept under a name that changes with its recipe. Not to be changed. */
export async function sampleFile(name: SampleName): Promise<string> {
  const { extension, steps }: Recipe = RECIPES[name];
  const hash = createHash('sha256').update(JSON.stringify(steps)).digest('hex').slice(0, 12);
  const file = path.join(CACHE, `${name}-${hash}.${extension}`);
  if (await exists(file)) return file;
  await mkdir(CACHE, { recursive: true });
  const scratch = await mkdtemp(path.join(CACHE, 'making-'));
  try {
    // two test processes may make the same sample; either's is as good
    await rename(await runSteps(steps, path.join(scratch, 'step'), extension), file);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return file;
}

async function runSteps(steps: string[][], prefix: string, extension: string): Promise<string> {
  let previous = '';
  for (const [index, step] of steps.entries()) {
    const target = `${prefix}${index}.${extension}`;
    const args = step.map((argument) => (argument === 'IN' ? previous : argument));
    await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args, target]);
    previous = target;
  }
  return previous;
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
