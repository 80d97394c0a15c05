import type { MediaFacts, Rational } from '@reelmill/shared/contracts/media.ts';
import { isElementary } from '../timing/elementaryStream.ts';
import { repairedSeconds, TICK_SECONDS } from '../timing/repairTimes.ts';

/*
 * ffmpeg must not build the graph anew where the size or format of the pictures changes (`-reinit_filter 0`), for
 * that would start the frame count of its filters over. So the first filter that touches a picture has to bring all of
 * them to one size and format: `scale` is made for such changes, other filters read outside of pictures that are smaller
 * than the first one.
 */

/** What the graph prints, as a number of its own, where a picture has not the shape that it was planned with. */
const SHAPE_DIFFERS = '404040.5';
const SHAPE_DIFFERS_LINE = /^(\[[^\]]*\] )?404040\.5/;
/** Pixel aspects beyond this are damage. */
export const MAX_ASPECT = 8;
/** Shapes that differ by less are stretched; bars would be hardly more than a line. */
export const ASPECT_TOLERANCE = 0.02;
/** Formats that `scale` can write, and that have the same name in every version of ffmpeg. */
const WRITTEN = /^(yuva?4(20|22|44)p((10|12|16)le)?|gbrp(10le|12le)?|gray(10le)?|rgb24|bgr24|rgba|bgra)$/;
/** Pixel aspect of a picture, in the expressions of the scale filter. */
const PIXEL_ASPECT = `if(between(sar,${1 / MAX_ASPECT},${MAX_ASPECT}),sar,1)`;
/** Short side of the largest rendition. */
const LARGEST_SIDE = 2160;

type Video = MediaFacts['video'];

/** Whether a line of ffmpeg's standard error says that a picture has another shape than the facts say. */
export function isShapeReport(line: string): boolean {
  return SHAPE_DIFFERS_LINE.test(line);
}

/** One size and format for all pictures: the coded ones, where changes are not expected and would be reported. */
export function oneShapeFilters(facts: MediaFacts): string[] {
  const { video, thorough } = facts;
  const { pixelFormat } = video;
  const format = WRITTEN.test(pixelFormat) ? [`format=${pixelFormat}`] : [];
  return video.sizeChanges || thorough ? fittedFilters(facts, format) : [watchedScale(video), ...format];
}

/** Pictures of another shape are stretched, and reported: what is made of them is not published. */
function watchedScale(video: Video): string {
  const { codedWidth: width, codedHeight: height } = video;
  const aspect = `lt(abs(${PIXEL_ASPECT}/${aspectOf(video)}-1),${ASPECT_TOLERANCE})`;
  const same = `eq(iw,${width})*eq(ih,${height})*${aspect}`;
  return scaleFilter(video, `if(${same},${width},0*print(${SHAPE_DIFFERS},24)+${width})`, `${height}`);
}

/** Pictures of another shape are as large as fits, between black bars. */
function fittedFilters(facts: MediaFacts, format: readonly string[]): string[] {
  const { video } = facts;
  const { width, height } = canvasOf(video);
  // how much wider a picture is, as it is shown, than the shape that it is put into
  const wider = `${pixelAspect(facts)}*iw/ih/${(aspectOf(video) * video.codedWidth) / video.codedHeight}`;
  const side = (pixels: number, share: string): string => `max(2,2*round(${pixels}*${share}/2))`;
  return [
    scaleFilter(
      video,
      `st(0,${wider});if(gt(ld(0),${1 - ASPECT_TOLERANCE}),${width},${side(width, 'ld(0)')})`,
      `st(0,${wider});if(lt(ld(0),${1 + ASPECT_TOLERANCE}),${height},${side(height, '1/ld(0)')})`,
    ),
    ...format,
    // an even distance from the top keeps the order of the fields
    `pad=w=${width}:h=${height}:x='2*trunc((ow-iw)/4)':y='2*trunc((oh-ih)/4)':eval=frame`,
  ];
}

/**
 * The aspect of a picture's pixels, in the expressions of the scale filter: as it was found when it was looked for. From
 * ffmpeg 7.0 on, pictures have that of the first one, whatever they say themselves.
 */
function pixelAspect(facts: MediaFacts): string {
  const [first, ...changes] = facts.video.aspectChanges ?? [];
  if (first === undefined) return PIXEL_ASPECT;
  // the first picture of a bare stream is the one at 0
  const origin = isElementary(facts.demuxer) ? first.fromSeconds : 0;
  let before = ratio(first.aspect);
  const terms = changes.map(({ fromSeconds, aspect }) => {
    const change = ratio(aspect) - before;
    before = ratio(aspect);
    const from = repairedSeconds(facts, fromSeconds) - origin - TICK_SECONDS;
    return `+gte(t,${from.toFixed(6)})*(${change.toFixed(9)})`;
  });
  return `(${ratio(first.aspect).toFixed(9)}${terms.join('')})`;
}

function scaleFilter({ fullRange }: Video, width: string, height: string): string {
  const range = fullRange ? 'pc' : 'tv';
  return `scale=w='${width}':h='${height}':eval=frame:interl=-1:flags=bicubic:in_range=${range}:out_range=${range}`;
}

function aspectOf({ sampleAspectRatio }: Video): number {
  return ratio(sampleAspectRatio);
}

function ratio({ num, den }: Rational): number {
  return num / den;
}

/** The coded size with even sides, but no larger than the largest rendition: `pad` makes a copy of each picture. */
function canvasOf({ codedWidth, codedHeight }: Video): { width: number; height: number } {
  const share = Math.min(1, LARGEST_SIDE / Math.min(codedWidth, codedHeight));
  const scaled = (side: number): number => Math.max(2, 2 * Math.round((side * share) / 2));
  return { width: scaled(codedWidth), height: scaled(codedHeight) };
}
