import assert from 'node:assert/strict';
import { videoSegmentCount } from '@reelmill/shared/core/timeline.ts';
import { joinOutput } from './joinedOutput.ts';
import type { MediaStore } from './mediaStore.ts';
import { lumaOfFrames, type Slides, slideLuma, toneOfSecond, tonesOf } from './slides.ts';
import type { Transcoded } from './transcode.ts';

const LUMA_TOLERANCE = 2;
const HERTZ_TOLERANCE = 8;

/** What of a film of slides is expected of the output. */
export type ExpectedSlides = Slides & {
  /** The number of the first picture that is shown. */
  firstPicture?: number;
  /** The second of the sound that comes first. */
  firstSecond?: number;
};

/** Every frame shows a picture that is shown within half a frame of its time, for as long as is expected. */
export async function checkPictures(
  media: MediaStore,
  { plan }: Transcoded,
  { times, endSeconds, firstPicture = 0 }: ExpectedSlides,
): Promise<void> {
  const { num, den } = plan.facts.video.outputFrameRate;
  const [rendition] = plan.renditions;
  const joined = await joinOutput(media, rendition?.quality ?? '', videoSegmentCount(plan));
  const lumas = await lumaOfFrames(joined.file);
  const seconds = (lumas.length * den) / num;
  assert.ok(Math.abs(seconds - endSeconds) <= (2 * den) / num, `${seconds} s instead of ${endSeconds}`);
  const shownAt = (at: number): number => times.findLastIndex((time) => time <= Math.max(0, at));
  const half = den / num / 2;
  lumas.forEach((luma, frame) => {
    const at = (frame * den) / num;
    const [first, last] = [shownAt(at - half), shownAt(at + half)];
    const right = Array.from({ length: last - first + 1 }, (_, n) => slideLuma(firstPicture + first + n));
    assert.ok(
      right.some((expected) => Math.abs(luma - expected) <= LUMA_TOLERANCE),
      `frame ${frame} at ${at} s has luma ${luma}, not ${right}`,
    );
  });
}

/** Every second of the sound has its tone. */
export async function checkSound(
  media: MediaStore,
  { plan, audio }: Transcoded,
  { endSeconds, firstSecond = 0 }: ExpectedSlides,
): Promise<void> {
  assert.ok(audio);
  assert.equal(plan.audio === null, false);
  const joined = await joinOutput(media, 'audio', audio.segments.length);
  const tones = await tonesOf(joined.file);
  const whole = Math.floor(endSeconds);
  assert.ok(tones.length >= whole - 1 && tones.length <= whole + 1, `${tones.length} s of sound`);
  tones.slice(0, whole - 1).forEach((hertz, second) => {
    const expected = toneOfSecond(firstSecond + second);
    assert.ok(
      Math.abs(hertz - expected) <= HERTZ_TOLERANCE,
      `second ${second}: ${hertz} Hz, not ${expected}`,
    );
  });
}
