import type { MediaFacts } from '@reelmill/shared/contracts/media.ts';

/** From this height on, a source that does not name its colours is taken for bt709, below for bt601. */
const HD_HEIGHT = 720;
export const OUTPUT_TAGS = 'setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709';

type Video = MediaFacts['video'];

/** The matrices that the scale filter knows. From 7.0 on it refuses pictures that are tagged with others. */
const SCALED_MATRICES: ReadonlySet<string> = new Set([
  ...['bt709', 'fcc', 'bt470bg', 'smpte170m', 'smpte240m', 'bt2020nc', 'gbr'],
]);
const RGB = /^(gbr|rgb|bgr|argb|abgr|0rgb|0bgr|pal8)/;

/** Transfers that the scale filter of newer versions refuses; all are shown as they are. */
const UNSCALED_TRANSFERS = /^v?log/;

/** Takes away tags that `scale` refuses; `colourFilters` knows from the facts what the matrix is. Touches no pixel. */
export function scalableTags({ video: { colorSpace, colorTransfer, pixelFormat } }: MediaFacts): string[] {
  const isKnown = colorSpace === null || SCALED_MATRICES.has(colorSpace);
  const isContradiction = colorSpace === 'gbr' && !RGB.test(pixelFormat);
  return [
    ...(isKnown && !isContradiction ? [] : ['setparams=colorspace=bt709']),
    ...(UNSCALED_TRANSFERS.test(colorTransfer ?? '') ? ['setparams=color_trc=bt709'] : []),
  ];
}

/** Brings a picture to a size and to 8-bit bt709 4:2:0, whatever colours the source names. */
export function colourFilters({ video }: MediaFacts, size: { width: number; height: number }): string[] {
  const scale = `scale=${size.width}:${size.height}:flags=bicubic`;
  const range = video.fullRange ? 'pc' : 'tv';
  if (video.hdr !== 'none') return [scale, ...toneMapping(video)];
  if (video.colorSpace === 'ycgco') {
    const asSource = `setparams=colorspace=ycgco:range=${range}`;
    return [scale, asSource, 'zscale=matrix=bt709:range=tv', 'format=yuv420p'];
  }
  const matrix = sourceMatrix(video);
  // to name the matrix of the output makes the filter copy every picture, even one that is right already
  const conversion = matrix === 'bt709' ? '' : ':out_color_matrix=bt709';
  return [`${scale}:in_color_matrix=${matrix}${conversion}:in_range=${range}:out_range=tv`, 'format=yuv420p'];
}

function toneMapping(video: Video): string[] {
  const transfer = video.hdr === 'pq' ? 'smpte2084' : 'arib-std-b67';
  const primaries = TONED_PRIMARIES.has(video.colorPrimaries ?? '') ? video.colorPrimaries : 'bt2020';
  const matrix = TONED_MATRICES.has(video.colorSpace ?? '') ? video.colorSpace : 'bt2020nc';
  return [
    // what the bitstream alone knows must be said here: zscale refuses to guess
    `setparams=color_primaries=${primaries}:color_trc=${transfer}:colorspace=${matrix}`,
    'zscale=transfer=linear:npl=100',
    'format=gbrpf32le',
    'zscale=primaries=bt709',
    'tonemap=tonemap=hable:desat=0',
    'zscale=transfer=bt709:matrix=bt709:range=tv',
    'format=yuv420p',
  ];
}

/**
 * The matrices of HDR that zscale converts. Others are taken for bt2020nc: bt2020c and chroma-derived-c are the same
 * primaries with luma computed before the transfer, which zscale has only for transfers of SDR; chroma-derived-nc of
 * bt2020 primaries is bt2020nc; smpte2085 and gbr of pictures that are no RGB are contradictions or not in use.
 */
const TONED_MATRICES: ReadonlySet<string> = new Set([
  ...['bt709', 'fcc', 'bt470bg', 'smpte170m', 'smpte240m', 'ycgco', 'bt2020nc', 'ictcp'],
]);

/** The primaries that zscale converts; others are taken for bt2020, which HDR is made for. */
const TONED_PRIMARIES: ReadonlySet<string> = new Set([
  ...['bt709', 'bt470m', 'bt470bg', 'smpte170m', 'smpte240m', 'film', 'bt2020'],
  ...['smpte428', 'smpte431', 'smpte432', 'ebu3213'],
]);

/** The source's matrix in the names of the scale filter; of those that it does not have, the nearest. */
function sourceMatrix({ colorSpace, colorPrimaries, codedHeight }: Video): string {
  switch (colorSpace) {
    case 'bt709':
      return 'bt709';
    case 'smpte170m':
    case 'bt470bg':
      return 'smpte170m';
    case 'smpte240m':
      return 'smpte240m';
    case 'fcc':
      return 'fcc';
    case 'bt2020nc':
    case 'bt2020c':
    case 'ictcp':
      return 'bt2020';
    case 'chroma-derived-nc':
    case 'chroma-derived-c':
      return colorPrimaries === 'bt2020' ? 'bt2020' : 'bt709';
    default:
      return codedHeight >= HD_HEIGHT ? 'bt709' : 'smpte170m';
  }
}
