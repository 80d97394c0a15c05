import { leadSeconds } from '@reelmill/shared/core/timeline.ts';
import {
  type DecodedPictures,
  type DecodedSound,
  decodePictures,
  decodeSound,
  LISTEN_RATE,
  type Picture,
} from './decodeFilm.ts';
import type { Recipe } from './recipeTypes.ts';

/** A picture, or a piece of sound, so far away from both its neighbours has a wrong time. */
const STRAY_SECONDS = 2;
/** A beginning of the sound that is about so much earlier may count, or not. */
const UNCLEAR_LEAD = { from: 0.02, to: 0.1 };

/** Times are rounded. */
const TICK_SECONDS = 0.001;
/** A picture that is on for less is not missed. */
const SHORTEST_CUT_SECONDS = 0.05;

/** What a player shows and plays of a source: one straight decode, in the source's own time. */
export interface Reference {
  /** Ascending. */
  pictures: Picture[];
  sound: DecodedSound['pieces'];
  /** Where the output may begin: at the first picture, or at the sound where that begins earlier. */
  origins: number[];
  /** When the last picture is over, and when the sound is; null without sound. */
  pictureEnd: number;
  soundEnd: number | null;
  /** ffmpeg decoded everything without an error. */
  isWhole: boolean;
}

/** Null where no picture can be decoded. `meant`: the sound at the times that it should have, where those are known. */
export async function decodeReference(
  file: string,
  recipe: Recipe,
  meant: DecodedSound | null = null,
): Promise<Reference | null> {
  const turned = recipe.rotation === 90 || recipe.rotation === 270;
  const damagedHevc = recipe.codec === 'hevc' && recipe.damage !== null;
  const withHidden = recipe.trimSeconds > 0;
  const keepsGraph = recipe.grows && recipe.interlaced !== 'no';
  const oneSize = keepsGraph ? [`scale=${recipe.width}:${recipe.height}:eval=frame:interl=-1`] : [];
  const filters = [...oneSize, ...playerFilters(recipe)];
  const decoded = await decodePictures(file, { filters, turned, damagedHevc, withHidden, keepsGraph });
  return referenceOf(recipe, decoded, meant ?? (await decodeSound(file)));
}

function referenceOf(recipe: Recipe, decoded: DecodedPictures, heard: DecodedSound): Reference | null {
  const inOrder = withoutStrays(decoded.pictures).toSorted((a, b) => a.seconds - b.seconds);
  const pictures = recipe.trimSeconds > 0 ? shownSinceCut(inOrder) : inOrder;
  const sound = withoutStrays(heard.pieces);
  const [first, last] = [pictures[0], pictures.at(-1)];
  if (first === undefined || last === undefined) return null;
  const frame = recipe.rate.den / recipe.rate.num;
  const soundStart = sound[0]?.seconds ?? first.seconds;
  const lastPiece = sound.at(-1);
  return {
    pictures,
    sound,
    origins: originsOf(first.seconds, soundStart),
    pictureEnd: last.seconds + frame,
    soundEnd: lastPiece ? lastPiece.seconds + lastPiece.samples.length / LISTEN_RATE : null,
    isWhole: decoded.errors.length + heard.errors.length === 0 && inOrder.length === decoded.pictures.length,
  };
}

/**
 * What an edit list shows that begins at 0, with the picture that is on then. ffmpeg itself hides that one, moves the others to
 * its place, and shows hidden pictures of AV1.
 */
function shownSinceCut(pictures: readonly Picture[]): Picture[] {
  const shown = pictures.filter(({ seconds }) => seconds > -TICK_SECONDS);
  const cut = pictures.findLast(({ seconds }) => seconds <= -TICK_SECONDS);
  const late = shown[0]?.seconds ?? Number.POSITIVE_INFINITY;
  if (cut !== undefined && late >= SHORTEST_CUT_SECONDS) return [{ ...cut, seconds: 0 }, ...shown];
  return shown.map((picture) => ({ ...picture, seconds: picture.seconds - late }));
}

function originsOf(picture: number, sound: number): number[] {
  const lead = leadSeconds(picture, sound);
  const early = picture - sound;
  if (early >= UNCLEAR_LEAD.from && early <= UNCLEAR_LEAD.to) return [picture, sound];
  return [lead > 0 ? sound : picture];
}

function playerFilters({ rotation, flip, interlaced, alpha }: Recipe): string[] {
  const turns = { 0: [], 90: ['transpose=clock'], 180: ['hflip', 'vflip'], 270: ['transpose=cclock'] };
  const flips = { none: [], horizontal: ['hflip'], vertical: ['vflip'] };
  return [
    ...(interlaced === 'no' ? [] : ['bwdif=mode=send_frame:deint=interlaced']),
    ...turns[rotation],
    ...flips[flip],
    // transparent is black
    ...(alpha ? ['format=gbrap', 'premultiply=inplace=1'] : []),
  ];
}

function withoutStrays<T extends { seconds: number }>(shown: readonly T[]): T[] {
  const far = (a: T | undefined, b: T | undefined): boolean =>
    a === undefined || b === undefined || Math.abs(a.seconds - b.seconds) > STRAY_SECONDS;
  return shown.filter((one, index) => {
    const [before, after] = [shown[index - 1], shown[index + 1]];
    const neighbours = before === undefined ? [after, shown[index + 2]] : [before, after ?? shown[index - 2]];
    const isAlone = far(one, before) && far(one, after);
    return !isAlone || far(neighbours[0], neighbours[1]);
  });
}
