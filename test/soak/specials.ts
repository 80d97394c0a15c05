import type { Random } from '../chaos/random.ts';
import type { Recipe, Sound, Span, Special } from './recipeTypes.ts';

/** Height of interlaced pictures: each field is made of whole blocks. */
const INTERLACED_HEIGHT = 96;
const WRONG_SECONDS = [-100, 3, 60, 1_000, 40_000] as const;

/** The recipe with one more special. */
export function applySpecial(recipe: Recipe, special: Special, random: Random): Recipe {
  const { seconds } = recipe;
  switch (special) {
    case 'variable rate':
      return { ...recipe, timing: random.pick(['dropped', 'jitter', 'two rates']) };
    case 'start time':
      return { ...recipe, startSeconds: random.pick([0.04, 0.5, 1.4, 10, 59.94, 3_600, 90_000]) };
    case 'edit list':
      return { ...recipe, layout: 'plain', trimSeconds: tenths(random, 0.3, seconds / 2) };
    case 'rotation':
      return { ...recipe, rotation: random.pick([90, 180, 270]), layout: 'plain' };
    case 'flip':
      return { ...recipe, flip: random.pick(['horizontal', 'vertical']), layout: 'plain' };
    case 'sample aspect':
      return { ...recipe, sampleAspect: random.pick(['4/3', '16/15', '8/9', '2/1']) };
    case 'alpha':
      return { ...recipe, codec: 'prores', alpha: true, refresh: 'closed', bframes: 0 };
    case 'sound offset':
      return withSound(recipe, { offsetSeconds: random.pick([-1.5, -0.4, 0.1, 0.7, 2]) });
    case 'short sound':
      return withSound(recipe, { seconds: tenths(random, 0.5, seconds - 0.7) });
    case 'long sound':
      return withSound(recipe, { seconds: seconds + random.pick([0.3, 2, 5, 9]) });
    case 'sound changes':
      return changeSound(recipe, random);
    case 'picture grows':
      return { ...recipe, grows: true };
    case 'hole in picture':
      return { ...recipe, pictureHole: drawHole(seconds, random) };
    case 'hole in sound':
      return { ...recipe, soundHole: drawHole(seconds, random) };
    case 'hole in picture and sound': {
      const hole = drawHole(seconds, random);
      return { ...recipe, pictureHole: hole, soundHole: hole };
    }
    case 'interlaced':
    case 'interlaced part':
      return interlace(recipe, special === 'interlaced' ? 'whole' : 'from the middle');
    case 'bytes overwritten':
      return {
        ...recipe,
        damage: {
          kind: 'bytes',
          places: Array.from({ length: random.pick([1, 1, 3, 10]) }, () => random.next()),
          lengthBytes: random.pick([1, 4, 64, 1_500]),
        },
      };
    case 'tail cut off':
    case 'head cut off':
      return { ...recipe, damage: { kind: special, share: 0.05 + random.next() * 0.4 } };
    case 'bad time':
      return {
        ...recipe,
        damage: {
          kind: 'bad time',
          stream: recipe.sound !== null && random.chance(0.5) ? 'sound' : 'picture',
          place: random.next(),
          seconds: random.pick(WRONG_SECONDS),
        },
      };
  }
}

function withSound(recipe: Recipe, change: Partial<Sound>): Recipe {
  return { ...recipe, sound: recipe.sound && { ...recipe.sound, ...change } };
}

function changeSound(recipe: Recipe, random: Random): Recipe {
  const { sound } = recipe;
  if (sound === null) return recipe;
  const channels = sound.channels === 2 ? random.pick([1, 2]) : 2;
  const rate = sound.sampleRate === 48_000 ? 44_100 : 48_000;
  return withSound(recipe, {
    change: { channels, sampleRate: channels === sound.channels ? rate : sound.sampleRate },
  });
}

function interlace(recipe: Recipe, interlaced: Recipe['interlaced']): Recipe {
  return {
    ...recipe,
    interlaced,
    codec: recipe.codec === 'mpeg2' ? 'mpeg2' : 'h264',
    refresh: 'closed',
    rate: { num: 25, den: 1 },
    timing: 'constant',
    height: INTERLACED_HEIGHT,
  };
}

function drawHole(seconds: number, random: Random): Span {
  const from = tenths(random, 0.5, seconds - 1.5);
  return [from, Math.min(seconds - 0.5, from + tenths(random, 0.3, 3))];
}

/** Seconds in whole tenths. */
function tenths(random: Random, low: number, high: number): number {
  return random.between(Math.round(low * 10), Math.max(Math.round(low * 10), Math.round(high * 10))) / 10;
}
