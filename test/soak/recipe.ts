import { createRandom, type Random } from '../chaos/random.ts';
import { CONTAINERS, VIDEO_CODECS } from './codecs.ts';
import { type Container, type Recipe, type Sound, SPECIALS, type Special } from './recipeTypes.ts';
import { applySpecial } from './specials.ts';

const RATES = [
  { num: 25, den: 1 },
  { num: 30, den: 1 },
  { num: 30_000, den: 1001 },
  { num: 24_000, den: 1001 },
  { num: 24, den: 1 },
  { num: 50, den: 1 },
  { num: 60_000, den: 1001 },
  { num: 60, den: 1 },
  { num: 15, den: 1 },
  { num: 12, den: 1 },
  { num: 10, den: 1 },
] as const;
const GOPS = [1, 2, 6, 10, 12, 25, 30, 48, 60, 100, 250, 600] as const;
/** Most cuts there can be, and what the server plans by default. */
const CHUNKINGS = [
  { weight: 4, segmentSeconds: 1, chunkSeconds: 1, workers: 1 },
  { weight: 2, segmentSeconds: 1, chunkSeconds: 3, workers: 2 },
  { weight: 2, segmentSeconds: 2, chunkSeconds: 2, workers: 1 },
  { weight: 2, segmentSeconds: 5, chunkSeconds: 30, workers: 2 },
] as const;

/** The recipe of a seed; the same one whatever was drawn before. `only` leaves out all other specials. */
export function drawRecipe(seed: number, only: readonly Special[] = SPECIALS): Recipe {
  const random = createRandom(seed, 'source');
  const specials = drawSpecials(random.fork('specials'), only);
  const plain = drawPlain(seed, specials, random.fork('plain'));
  return specials.reduce((recipe, special) => applySpecial(recipe, special, random.fork(special)), plain);
}

/** None, one or two that fit each other and at least one container. */
function drawSpecials(random: Random, only: readonly Special[]): Special[] {
  const wanted = random.pickWeighted([
    { weight: 2, count: 0 },
    { weight: 5, count: 1 },
    { weight: 4, count: 2 },
  ]).count;
  const chosen: Special[] = [];
  for (const special of random.shuffle(SPECIALS)) {
    if (chosen.length === wanted) break;
    if (only.includes(special) && containersFor([...chosen, special]).length > 0) chosen.push(special);
  }
  return chosen;
}

function containersFor(specials: readonly Special[]): Container[] {
  const names = Object.keys(CONTAINERS) as Container[]; // Object.keys widens to string[]
  return names.filter((name) => specials.every((special) => CONTAINERS[name].specials.includes(special)));
}

function drawPlain(seed: number, specials: readonly Special[], random: Random): Recipe {
  const candidates = containersFor(specials).map((name) => ({ name, weight: CONTAINERS[name].weight }));
  const container = random.pickWeighted(candidates).name;
  const codec = random.pick(CONTAINERS[container].video);
  const { refreshes, bframes, rates } = VIDEO_CODECS[codec];
  const seconds = random.between(3, 12);
  const refresh = random.pick(refreshes);
  const chunking = random.pickWeighted(CHUNKINGS);
  return {
    seed,
    specials,
    container,
    layout: container === 'mp4' ? random.pick(['plain', 'faststart', 'fragmented']) : 'plain',
    codec,
    seconds,
    rate: random.pick(rates ?? RATES),
    timing: 'constant',
    gop: random.pick(GOPS),
    bframes: refresh === 'intra refresh' ? 0 : random.between(0, CONTAINERS[container].bframes ? bframes : 0),
    refresh,
    width: 160,
    height: 90,
    sampleAspect: '1/1',
    rotation: 0,
    flip: 'none',
    interlaced: 'no',
    grows: false,
    alpha: false,
    startSeconds: 0,
    trimSeconds: 0,
    sound: drawSound(container, seconds, specials, random),
    pictureHole: null,
    soundHole: null,
    damage: null,
    chunking: {
      segmentSeconds: chunking.segmentSeconds,
      chunkSeconds: chunking.chunkSeconds,
      workers: chunking.workers,
    },
    images: random.chance(0.25),
  };
}

function drawSound(
  container: Container,
  seconds: number,
  specials: readonly Special[],
  random: Random,
): Sound | null {
  const isNeeded = specials.some((special) => special.includes('sound'));
  if (!isNeeded && random.chance(0.15)) return null;
  const codec = random.pick(CONTAINERS[container].sound);
  const channels = random.pick(codec.channels);
  return {
    codec: codec.name,
    channels,
    sampleRate: random.pick(codec.rates),
    offsetSeconds: 0,
    seconds,
    change: null,
  };
}

/** A recipe in one line: what is as usual is left out. */
export function printRecipe(recipe: Recipe): string {
  const usual: Partial<Record<keyof Recipe, unknown>> = {
    ...{ layout: 'plain', timing: 'constant', refresh: 'closed', sampleAspect: '1/1', rotation: 0 },
    ...{ flip: 'none', interlaced: 'no', grows: false, alpha: false, startSeconds: 0, trimSeconds: 0 },
    ...{ pictureHole: null, soundHole: null, damage: null, images: false },
  };
  const told = Object.entries(recipe).filter(([name, value]) => usual[name as keyof Recipe] !== value); // its own keys
  return JSON.stringify(Object.fromEntries(told));
}
