import { rm } from 'node:fs/promises';
import { errorCodeSchema, faultOf } from '@reelmill/shared/contracts/errors.ts';
import type { NoticeCode } from '@reelmill/shared/contracts/notices.ts';
import { originSeconds } from '@reelmill/shared/core/timeline.ts';
import type { MediaStore } from '../support/mediaStore.ts';
import { findWrongPictures } from './comparePictures.ts';
import { findWrongSound, placeSound } from './compareSound.ts';
import { type DecodedSound, decodePictures, decodeSound, LISTEN_RATE } from './decodeFilm.ts';
import { makeSource } from './makeSource.ts';
import { type PublishedSource, publishSource, type RefusedSource, withJoined } from './publishSource.ts';
import type { Recipe } from './recipeTypes.ts';
import { decodeReference, type Reference } from './reference.ts';

export interface Finding {
  kind: string;
  what: string;
}

export interface SourceReport {
  recipe: Recipe;
  /** `published`, or the code of its refusal. */
  outcome: string;
  /** Length of the straight decode. */
  seconds: number;
  notices: string[];
  findings: Finding[];
}

/** Sound that goes on for longer than this is heard to its end under the last picture. */
const OUTLASTING_SECONDS = 1;
const UNCLEAR_SECONDS = 0.25;
const LENGTH_SECONDS = 0.05;
const SOUND_LENGTH_SECONDS = 0.35;
const ASPECT_SHARE = 0.03;

/** Makes the source of a recipe, publishes it and holds the result against one straight decode of the source. */
export async function checkSource(media: MediaStore, recipe: Recipe): Promise<SourceReport> {
  const sound = hasWrongSoundTime(recipe) ? await soundBeforeDamage(recipe, media.root) : null;
  const file = await makeSource(recipe, media.root);
  try {
    const reference = await decodeReference(file, recipe, sound);
    const end = await publishSource(media, file, recipe);
    const seconds = reference ? reference.pictureEnd - (reference.pictures[0]?.seconds ?? 0) : 0;
    if (end.kind === 'refused') {
      return {
        recipe,
        outcome: end.code,
        seconds,
        notices: [],
        findings: judgeRefusal(end, reference, recipe),
      };
    }
    const found = reference
      ? await compareAll(media, end, allowSilentLead(reference, end), recipe)
      : [pictureless()];
    return {
      recipe,
      outcome: 'published',
      seconds,
      notices: end.notices,
      findings: withNotices(found, end, recipe),
    };
  } finally {
    await rm(file, { force: true });
  }
}

function hasWrongSoundTime({ damage }: Recipe): boolean {
  return damage?.kind === 'bad time' && damage.stream === 'sound';
}

/** A straight decode goes on at a wrong time; what is meant is known. */
async function soundBeforeDamage(recipe: Recipe, folder: string): Promise<DecodedSound> {
  const file = await makeSource({ ...recipe, damage: null }, folder);
  try {
    return await decodeSound(file);
  } finally {
    await rm(file, { force: true });
  }
}

/** A beginning that was kept for sound which nobody can decode is no fault. */
function allowSilentLead(reference: Reference, { plan }: PublishedSource): Reference {
  if (reference.sound.length > 0 || plan.facts.audio === null) return reference;
  return { ...reference, origins: [...reference.origins, originSeconds(plan.facts)] };
}

/** A damaged source may be refused; one that can be decoded as a whole may not. */
function judgeRefusal(
  { code, message }: RefusedSource,
  reference: Reference | null,
  recipe: Recipe,
): Finding[] {
  const known = errorCodeSchema.safeParse(code);
  const blamesFile = known.success && faultOf(known.data) === 'media';
  const isDamaged = recipe.damage !== null && !reference?.isWhole;
  if (isDamaged && (blamesFile || reference === null)) return [];
  const kind =
    recipe.damage === null
      ? 'good source refused'
      : reference?.isWhole
        ? 'whole source refused'
        : 'unexplained failure';
  return [{ kind: `${kind}: ${code}`, what: message.slice(-600) }];
}

function pictureless(): Finding {
  return { kind: 'published without a picture', what: 'a straight decode shows none' };
}

/** The notices that excuse a finding about a damaged source, by the beginning of its kind. */
const EXCUSES: readonly { kind: string; notices: readonly NoticeCode[] }[] = [
  { kind: 'wrong pictures', notices: ['picture_repaired', 'times_repaired', 'beginning_left_out'] },
  { kind: 'length of the sound', notices: ['audio_repaired', 'times_repaired'] },
  { kind: 'length', notices: ['picture_repaired', 'times_repaired', 'beginning_left_out', 'audio_repaired'] },
  { kind: 'wrong tones', notices: ['audio_repaired', 'times_repaired', 'beginning_left_out'] },
  // what has a wrong time beside a hole may belong on either side of it
  { kind: 'sound where the source is silent', notices: ['times_repaired'] },
  { kind: 'left out: audio', notices: ['audio_left_out'] },
];
/** Findings that one wrong time of the sound excuses only beside a hole: elsewhere its neighbours tell where it belongs. */
const OF_PLACED_SOUND: readonly string[] = ['wrong tones', 'sound where the source is silent'];

/** Notices that only a damaged source may have. */
const OF_DAMAGE: readonly NoticeCode[] = ['picture_repaired', 'audio_repaired'];

/** What was repaired or left out of a damaged source may differ from it, as long as its owner is told. */
function withNotices(found: readonly Finding[], end: PublishedSource, recipe: Recipe): Finding[] {
  const { damage, soundHole } = recipe;
  if (damage === null) {
    const wrong = end.notices.filter((notice) => OF_DAMAGE.includes(notice));
    return [...found, ...wrong.map((notice) => ({ kind: `whole, but ${notice}`, what: notice }))];
  }
  return found.flatMap(({ kind, what }) => {
    const excuse = EXCUSES.find((one) => kind.startsWith(one.kind));
    const isExcusable = soundHole !== null || !hasWrongSoundTime(recipe) || !OF_PLACED_SOUND.includes(kind);
    if (isExcusable && excuse?.notices.some((notice) => end.notices.includes(notice))) return [];
    return [{ kind: `damaged, no notice: ${kind}`, what }];
  });
}

async function compareAll(
  media: MediaStore,
  end: PublishedSource,
  reference: Reference,
  recipe: Recipe,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const report = (kind: string, what: string): void => {
    findings.push({ kind, what });
  };
  const { num, den } = end.plan.facts.video.outputFrameRate;
  const rate = num / den;
  let shown = 0;
  for (const { rendition } of end.video.renditions) {
    const turned = recipe.rotation === 90 || recipe.rotation === 270;
    const { pictures, errors } = await withJoined(media, end, rendition.quality, (joined) =>
      decodePictures(joined, { turned }),
    );
    if (errors.length > 0) report('published pictures do not decode', errors.slice(0, 3).join(' | '));
    shown = pictures.length / rate;
    const borders = end.plan.chunks.slice(1).map(({ firstFrame }) => firstFrame);
    const wrong = findWrongPictures(reference, { pictures, rate, borders });
    const place = wrong.atBorders > 0 ? 'wrong pictures at borders' : 'wrong pictures';
    if (wrong.frames.length > 0) report(place, `${wrong.frames.length} of ${pictures.length}: ${wrong.text}`);
    checkAspect(recipe, rendition, report);
  }
  checkLength(reference, shown, rate, report);
  if (recipe.timing === 'constant' && rate < (recipe.rate.num / recipe.rate.den) * 0.98)
    report('rate', `${rate}`);
  await compareSound(media, end, reference, shown, report);
  // nobody hears what a straight decode cannot read either
  const missed = end.leftOut.filter((what) => reference.sound.length > 0 || !what.startsWith('audio'));
  for (const what of missed) report(`left out: ${what.split(':')[0]}`, what.slice(0, 400));
  return findings;
}

type Report = (kind: string, what: string) => void;

function checkAspect(recipe: Recipe, made: { width: number; height: number }, report: Report): void {
  const [num = 1, den = 1] = recipe.sampleAspect.split('/').map(Number);
  const aspect = (recipe.width * num) / den / recipe.height;
  const expected = recipe.rotation === 90 || recipe.rotation === 270 ? 1 / aspect : aspect;
  const actual = made.width / made.height;
  if (Math.abs(actual / expected - 1) > ASPECT_SHARE)
    report('shape', `${made.width}x${made.height}, not ${expected.toFixed(3)}`);
}

function checkLength(
  { pictures, pictureEnd, soundEnd, origins }: Reference,
  shown: number,
  rate: number,
  report: Report,
): void {
  const outlasts = (soundEnd ?? pictureEnd) - pictureEnd;
  const gaps = pictures.map(({ seconds }, n) => seconds - (pictures[n - 1]?.seconds ?? seconds));
  const haveHoles = Math.max(0, ...gaps) > OUTLASTING_SECONDS - UNCLEAR_SECONDS;
  const ends = [
    ...(haveHoles || outlasts > OUTLASTING_SECONDS - UNCLEAR_SECONDS ? [soundEnd ?? pictureEnd] : []),
    ...(outlasts < OUTLASTING_SECONDS + UNCLEAR_SECONDS ? [pictureEnd] : []),
  ];
  const begins = origins.map((origin) => Math.min(origin, pictures[0]?.seconds ?? 0));
  const lengths = ends.flatMap((end) => begins.map((begin) => end - begin));
  const previous = pictures.at(-2)?.seconds ?? pictureEnd;
  const lastGap = (pictures.at(-1)?.seconds ?? pictureEnd) - previous;
  const tolerance = LENGTH_SECONDS + Math.max(1 / rate, Math.min(lastGap, 0.2));
  if (lengths.some((length) => Math.abs(length - shown) <= tolerance)) return;
  report(
    'length',
    `${shown.toFixed(3)} s instead of ${lengths.map((length) => length.toFixed(3)).join(' or ')} s`,
  );
}

async function compareSound(
  media: MediaStore,
  end: PublishedSource,
  { sound, origins, pictures, soundEnd }: Reference,
  shown: number,
  report: Report,
): Promise<void> {
  if (sound.length === 0) {
    if (end.video.audio) report('sound of nothing', 'a straight decode has no sound');
    return;
  }
  if (end.video.audio === null) {
    if (!end.notices.includes('audio_left_out')) report('no sound', 'a straight decode has sound');
    return;
  }
  const { pieces, errors } = await withJoined(media, end, 'audio', decodeSound);
  if (errors.length > 0) report('published sound does not decode', errors.slice(0, 3).join(' | '));
  const samples = pieces.reduce((sum, piece) => sum + piece.samples.length, 0);
  const seconds = samples / LISTEN_RATE;
  const origin = Math.min(origins[0] ?? 0, pictures[0]?.seconds ?? 0);
  const longest = Math.max(shown, (soundEnd ?? 0) - origin);
  if (seconds < shown - SOUND_LENGTH_SECONDS || seconds > longest + SOUND_LENGTH_SECONDS) {
    report('length of the sound', `${seconds.toFixed(3)} s of sound for ${shown.toFixed(3)} s of pictures`);
  }
  const wrong = findWrongSound(placeSound(sound, origin, longest), placeSound(pieces, 0, longest));
  const name = (places: readonly number[]): string => `at ${places.map((at) => at.toFixed(2)).join(', ')} s`;
  if (wrong.tones.length > 1) report('wrong tones', name(wrong.tones));
  if (wrong.noises.length > 1) report('sound where the source is silent', name(wrong.noises));
  if (wrong.loud.length > 1) report('much louder', name(wrong.loud));
}
