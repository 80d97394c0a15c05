import type { MediaFacts } from '@reelmill/shared/contracts/media.ts';
import { WITHOUT_EDIT_LIST } from '../source/inputGuard.ts';
import { TICK_SECONDS } from '../timing/repairTimes.ts';
import { scalableTags } from './colours.ts';
import { oneShapeFilters } from './oneShape.ts';
import { orientationFilters } from './orientation.ts';

/** There are no larger interlaced pictures; of those that are larger, the ones that bwdif holds would take much memory. */
const INTERLACED_PIXELS = 1920 * 1088;
/** Formats that bwdif takes as they are; of others it would need a copy. */
const DEINTERLACED = /^(yuva?j?4(20|22|44|40|11|10)p((9|10|12|14|16)(le)?)?|gbrp|gray)$/;
const ALPHA = /^(yuva|gbrap|rgba|bgra|argb|abgr|ya\d|ayuv|pal8)/;
/** What `premultiply` takes; the nearest one to the source's own is chosen. */
const ALPHA_FORMATS = 'yuva444p|yuva444p10|yuva444p12|yuva444p16|gbrap|gbrap10|gbrap12|gbrap16';

/** Of codecs whose transparency is a second picture beside each one. */
const ALPHA_DECODERS: Readonly<Record<string, string>> = { vp8: 'libvpx', vp9: 'libvpx-vp9' };

/** Codecs whose decoders, in newer versions, show nothing behind damage that the pictures there refer to. */
const KEEPING_BACK: ReadonlySet<string> = new Set(['hevc']);

type Video = MediaFacts['video'];

/** Whether the format of the pictures has room for transparency. */
export function mayHaveAlpha({ pixelFormat }: Pick<Video, 'pixelFormat'>): boolean {
  return ALPHA.test(pixelFormat);
}

/**
 * Input options: the graph stays as it is whatever the pictures become, and it alone turns them. What the decoder of a
 * damaged source makes the best of is shown.
 */
export function pictureInputArgs({ video }: MediaFacts): string[] {
  // ffmpeg's own decoders of these leave the transparency out and show what lies under it
  const decoder = video.transparent ? ALPHA_DECODERS[video.codec] : undefined;
  return [
    ...['-noautorotate', '-reinit_filter', '0'],
    // an edit list that cuts into a picture hides it; then filters hide what it hides
    ...(video.cutPictureSeconds === undefined ? [] : WITHOUT_EDIT_LIST),
    ...(KEEPING_BACK.has(video.codec) ? ['-flags', '+output_corrupt'] : []),
    ...(decoder === undefined ? [] : [`-codec:${video.streamIndex}`, decoder]),
  ];
}

/**
 * The filters that bring every decoded picture to the size and format of the facts: deinterlaced where it is interlaced,
 * upright, and without transparency. They cost nothing where pictures are so already.
 */
export function uprightFilters(facts: MediaFacts, deinterlace = true): string[] {
  const { video } = facts;
  const mayBeInterlaced = video.interlaced || isInterlacedKind(video);
  return [
    ...shownByEditList(facts),
    // newer versions write it into the output, where players would turn the picture a second time
    'sidedata=mode=delete:type=DISPLAYMATRIX',
    ...scalableTags(facts),
    ...oneShapeFilters(facts),
    // pictures that are not marked as interlaced pass through
    ...(deinterlace && mayBeInterlaced ? ['bwdif=mode=send_frame:deint=interlaced'] : []),
    ...orientationFilters({ rotationDegrees: video.rotationDegrees, mirrored: video.mirrored === true }),
    ...(video.transparent ? onBlackFilters(video) : []),
  ];
}

/** Drops what an edit list hides, where ffmpeg was told not to; the picture that is on when it begins stays. */
function shownByEditList({ video, closedHoles = [] }: MediaFacts): string[] {
  const { cutPictureSeconds, startSeconds, durationSeconds, heldSeconds = 0 } = video;
  if (cutPictureSeconds === undefined) return [];
  const left = durationSeconds + closedHoles.reduce((sum, { seconds }) => sum + seconds, 0);
  // a picture at the very end is one that the list hides
  const to = startSeconds + left - heldSeconds - TICK_SECONDS;
  return [`select=between(t\\,${(cutPictureSeconds - TICK_SECONDS).toFixed(6)}\\,${to.toFixed(6)})`];
}

/** Whether pictures of this kind are ever interlaced, and can be deinterlaced without a copy of those that are not. */
function isInterlacedKind({ codedWidth, codedHeight, pixelFormat }: Video): boolean {
  return codedWidth * codedHeight <= INTERLACED_PIXELS && DEINTERLACED.test(pixelFormat);
}

function onBlackFilters({ pixelFormat }: Video): string[] {
  // black is 0 in RGB, whatever range a container may name
  const range = pixelFormat.startsWith('yuva') ? [] : ['setparams=range=pc'];
  return [`format=${ALPHA_FORMATS}`, ...range, 'premultiply=inplace=1'];
}
