import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import type { MediaFacts } from '@reelmill/shared/contracts/media.ts';
import { scalableTags } from '../../worker/src/pictures/colours.ts';
import { pictureFilters } from '../../worker/src/pictures/filterGraph.ts';
import { makeMediaFacts } from '../support/mediaFacts.ts';
import { type MediaStore, startMediaStore } from '../support/mediaStore.ts';
import { isNear, makeSource, publishedPictures } from '../support/pictures.ts';
import { transcode } from '../support/transcode.ts';

const run = promisify(execFile);
const SIZE = { width: 16, height: 16 };
const HDR_TRANSFERS: Record<string, 'pq' | 'hlg'> = { smpte2084: 'pq', 'arib-std-b67': 'hlg' };

let media: MediaStore;
before(async () => {
  media = await startMediaStore();
});
after(() => media.close());

interface Tags {
  matrix: string;
  transfer: string;
  primaries: string;
}

/** The names that this ffmpeg knows of a property, `auto` excepted. */
async function tagNames(property: 'colorspace' | 'color_trc' | 'color_primaries'): Promise<string[]> {
  const { stdout } = await run('ffmpeg', ['-hide_banner', '-h', 'filter=setparams']);
  const lines = stdout.split('\n');
  const from = lines.findIndex((line) => line.trim().startsWith(`${property} `)) + 1;
  const values = lines.slice(
    from,
    lines.findIndex((line, at) => at > from && !line.startsWith('     ')),
  );
  return values
    .map((line) => line.trim().split(/\s+/)[0] ?? '')
    .filter((name) => name !== 'auto' && name !== '');
}

/** Facts of a source with these tags, as inspection writes them. */
function factsOf({ matrix, transfer, primaries }: Tags, pixelFormat: string): MediaFacts {
  const named = (name: string): string | null => (name === 'unknown' ? null : name);
  return makeMediaFacts({
    durationSeconds: 1,
    audio: null,
    video: {
      ...{ codec: 'hevc', codedWidth: 16, codedHeight: 16, displayWidth: 16, displayHeight: 16 },
      ...{ pixelFormat, outputFrameRate: { num: 25, den: 1 } },
      hdr: HDR_TRANSFERS[transfer] ?? 'none',
      colorSpace: named(matrix),
      colorPrimaries: named(primaries),
      colorTransfer: named(transfer),
    },
  });
}

/** Luma and chroma that a grey picture with each of the tags becomes; all of them in one run of ffmpeg. */
async function greyWith(all: readonly Tags[], pixelFormat = 'yuv420p10le'): Promise<number[][]> {
  const branches = all.map((tags, index) => {
    const { matrix, transfer, primaries } = tags;
    const facts = factsOf(tags, pixelFormat);
    const tagged = `setparams=colorspace=${matrix}:color_trc=${transfer}:color_primaries=${primaries}`;
    const made = ['color=gray:s=16x16:r=25', `format=${pixelFormat}`, tagged];
    return `${[...made, ...scalableTags(facts), ...pictureFilters(facts, SIZE)].join(',')}[p${index}]`;
  });
  const stacked = `${all.map((_, index) => `[p${index}]`).join('')}hstack=inputs=${all.length},format=yuv444p[out]`;
  const { stdout } = await run(
    'ffmpeg',
    [
      ...['-v', 'error', '-filter_complex', [...branches, stacked].join(';'), '-map', '[out]'],
      ...['-frames:v', '1', '-f', 'rawvideo', '-'],
    ],
    { encoding: 'buffer' },
  );
  const plane = all.length * 256;
  return all.map((_, index) => [0, 1, 2].map((channel) => stdout[channel * plane + index * 16 + 8] ?? -1));
}

/** Their white is a little redder than that of others, and not every version of zimg makes up for it. */
const XYZ = 'smpte428';

function assertGrey(all: readonly Tags[], greys: readonly number[][]): void {
  for (const [index, [luma = 0, blue = 0, red = 0]] of greys.entries()) {
    const name = JSON.stringify(all[index]);
    assert.ok(luma > 60 && luma < 200, `${name}: luma ${luma}`);
    const tolerance = all[index]?.primaries === XYZ ? 12 : 8;
    const isGrey = Math.max(Math.abs(blue - 128), Math.abs(red - 128)) <= tolerance;
    assert.ok(isGrey, `${name}: chroma ${blue}, ${red}`);
  }
}

test('every matrix, transfer and primaries that ffmpeg has a name for is converted', async () => {
  const matrices = await tagNames('colorspace');
  const transfers = await tagNames('color_trc');
  const primaries = await tagNames('color_primaries');
  assert.ok(matrices.includes('bt2020c') && matrices.includes('smpte2085') && matrices.length >= 14);
  assert.ok(transfers.includes('smpte2084') && transfers.length >= 17);
  assert.ok(primaries.includes('smpte432') && primaries.length >= 12);
  for (const transfer of ['bt709', 'smpte2084', 'arib-std-b67']) {
    const all = [
      ...matrices.map((matrix) => ({ matrix, transfer, primaries: 'bt2020' })),
      ...primaries.map((name) => ({ matrix: 'bt2020nc', transfer, primaries: name })),
    ];
    assertGrey(all, await greyWith(all));
    const gbr = ['bt709', 'bt2020'].map((name) => ({ matrix: 'gbr', transfer, primaries: name }));
    assertGrey(gbr, await greyWith(gbr, 'gbrp10le'));
  }
  const all = transfers.map((transfer) => ({ matrix: 'bt709', transfer, primaries: 'bt709' }));
  assertGrey(all, await greyWith(all));
});

test('HLG whose matrix cannot be converted has the colours of the nearest that can', async () => {
  const bars = ['-f', 'lavfi', '-i', 'smptebars=s=128x96:r=5:d=0.4', '-pix_fmt', 'yuv420p10le'];
  const tagged = async (matrix: string) => {
    const x265 = `log-level=error:colorprim=bt2020:transfer=arib-std-b67:colormatrix=${matrix}`;
    const hevc = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', x265, '-tag:v', 'hvc1'];
    const made = await transcode(media, await makeSource(media.root, `${matrix}.mp4`, ...bars, ...hevc));
    assert.equal(made.facts.video.colorSpace, matrix);
    return publishedPictures(media, made);
  };
  const constant = await tagged('bt2020c');
  const usual = await tagged('bt2020nc');
  for (const x of [0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95]) {
    assert.ok(isNear(constant.at(0, x, 0.3), usual.at(0, x, 0.3), 4), `at ${x}: ${constant.at(0, x, 0.3)}`);
  }
});

test('YCgCo is not shown in the colours of another matrix', async () => {
  const green = [
    '-f',
    'lavfi',
    '-i',
    'color=lime:s=128x96:r=5:d=0.4',
    '-vf',
    'format=gbrp,zscale=matrix=ycgco',
  ];
  const h264 = ['-pix_fmt', 'yuv444p', '-c:v', 'libx264', '-x264-params', 'colormatrix=YCgCo'];
  const made = await transcode(media, await makeSource(media.root, 'ycgco.mp4', ...green, ...h264));
  assert.equal(made.facts.video.colorSpace, 'ycgco');
  const pictures = await publishedPictures(media, made);
  assert.ok(isNear(pictures.at(0, 0.5, 0.5), [0, 255, 0]), `${pictures.at(0, 0.5, 0.5)}`);
});
