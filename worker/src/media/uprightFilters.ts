import type { MediaFacts } from '@reelmill/shared/contracts/media.ts';
import { orientationFilters } from './orientation.ts';

/*
 * What is done to every decoded picture before anything else. ffmpeg is told not to build the graph anew where the size
 * or format of the pictures changes (`-reinit_filter 0`), for that would start the frame count of its filters over. So
 * the first filter that touches a picture has to bring all of them to one size and format: `scale` is made for such
 * changes, other filters read outside of pictures that are smaller than the first one.
 */

/** What the graph prints, as a number of its own, where a picture has not the shape that it was planned with. */
const SHAPE_DIFFERS = '404040.5';
const SHAPE_DIFFERS_LINE = /^(\[[^\]]*\] )?404040\.5/;
/** Pixel aspects beyond this are damage. */
export const MAX_ASPECT = 8;
/** Shapes that differ by less are stretched; bars would be hardly more than a line. */
const ASPECT_TOLERANCE = 0.02;
/** Formats that bwdif takes as they are; of others it would need a copy. */
const DEINTERLACED = /^(yuva?j?4(20|22|44|40|11|10)p((9|10|12|14|16)(le)?)?|gbrp|gray)$/;
/** Formats that `scale` can write, and that have the same name in every version of ffmpeg. */
const WRITTEN = /^(yuva?4(20|22|44)p((10|12|16)le)?|gbrp(10le|12le)?|gray(10le)?|rgb24|bgr24|rgba|bgra)$/;
const ALPHA = /^(yuva|gbrap|rgba|bgra|argb|abgr|ya\d|ayuv|pal8)/;
/** What `premultiply` takes; the nearest one to the source's own is chosen. */
const ALPHA_FORMATS = 'yuva444p|yuva444p10|yuva444p12|yuva444p16|gbrap|gbrap10|gbrap12|gbrap16';

/** Of codecs whose transparency is a second picture beside each one. */
const ALPHA_DECODERS: Readonly<Record<string, string>> = { vp8: 'libvpx', vp9: 'libvpx-vp9' };

type Video = MediaFacts['video'];

/** Whether parts of the pictures may be transparent. */
export function hasAlpha({ pixelFormat }: Pick<Video, 'pixelFormat'>): boolean {
  return ALPHA.test(pixelFormat);
}

/** Input options: the graph stays as it is whatever the pictures become, and it alone turns them. */
export function pictureInputArgs({ video }: MediaFacts): string[] {
  // ffmpeg's own decoders of these leave the transparency out and show what lies under it
  const decoder = hasAlpha(video) ? ALPHA_DECODERS[video.codec] : undefined;
  return [
    ...['-noautorotate', '-reinit_filter', '0'],
    ...(decoder === undefined ? [] : [`-codec:${video.streamIndex}`, decoder]),
  ];
}

/** Whether a line of ffmpeg's standard error says that a picture has another shape than the facts say. */
export function saysShapeDiffers(line: string): boolean {
  return SHAPE_DIFFERS_LINE.test(line);
}

/**
 * Brings every picture to the size and format of the facts, whatever it is decoded as, deinterlaced where it is
 * interlaced, upright, and without transparency. Costs nothing where pictures are so already.
 */
export function uprightFilters(facts: MediaFacts, deinterlace = true): string[] {
  const { video } = facts;
  const mayBeInterlaced = video.interlaced || DEINTERLACED.test(video.pixelFormat);
  return [
    ...oneShapeFilters(facts),
    // pictures that are not marked as interlaced pass through
    ...(deinterlace && mayBeInterlaced ? ['bwdif=mode=send_frame:deint=interlaced'] : []),
    ...orientationFilters({ rotationDegrees: video.rotationDegrees, mirrored: video.mirrored === true }),
    ...(hasAlpha(video) ? onBlackFilters(video) : []),
  ];
}

function onBlackFilters({ pixelFormat }: Video): string[] {
  // black is 0 in RGB, whatever range a container may name
  const range = pixelFormat.startsWith('yuva') ? [] : ['setparams=range=pc'];
  return [`format=${ALPHA_FORMATS}`, ...range, 'premultiply=inplace=1'];
}

/** The decoded size, in the shape that all pictures get: changes are expected, or reported. */
function oneShapeFilters({ video, thorough }: MediaFacts): string[] {
  const { codedWidth: width, codedHeight: height, sampleAspectRatio, pixelFormat, fullRange } = video;
  const aspect = sampleAspectRatio.num / sampleAspectRatio.den;
  const range = fullRange ? 'pc' : 'tv';
  const scale = (w: string, h: string): string =>
    `scale=w='${w}':h='${h}':eval=frame:interl=-1:flags=bicubic:in_range=${range}:out_range=${range}`;
  const format = WRITTEN.test(pixelFormat) ? [`format=${pixelFormat}`] : [];
  const pixelAspect = `if(between(sar,${1 / MAX_ASPECT},${MAX_ASPECT}),sar,1)`;
  if (!video.sizeChanges && !thorough) {
    const sameShape = `eq(iw,${width})*eq(ih,${height})*lt(abs(${pixelAspect}/${aspect}-1),${ASPECT_TOLERANCE})`;
    return [scale(`if(${sameShape},${width},0*print(${SHAPE_DIFFERS},24)+${width})`, `${height}`), ...format];
  }
  // how much wider a picture is, as it is shown, than the shape that it is put into
  const wider = `${pixelAspect}*iw/ih/${(aspect * width) / height}`;
  const fitted = (side: number, share: string): string => `max(2,2*round(${side}*${share}/2))`;
  return [
    scale(
      `st(0,${wider});if(gt(ld(0),${1 - ASPECT_TOLERANCE}),${width},${fitted(width, 'ld(0)')})`,
      `st(0,${wider});if(lt(ld(0),${1 + ASPECT_TOLERANCE}),${height},${fitted(height, '1/ld(0)')})`,
    ),
    ...format,
    // an even distance from the top keeps the order of the fields
    `pad=w=${width}:h=${height}:x='2*trunc((ow-iw)/4)':y='2*trunc((oh-ih)/4)':eval=frame`,
  ];
}
