import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawMark, makeSound, SOUND_RATE } from '../chaos/marks.ts';
import { findWrongPictures } from './comparePictures.ts';
import { findWrongSound, placeSound } from './compareSound.ts';
import { LISTEN_RATE, type Picture } from './decodeFilm.ts';
import { drawRecipe } from './recipe.ts';
import { SPECIALS } from './recipeTypes.ts';
import type { Reference } from './reference.ts';

const RATE = 25;
const START = 10;
const SECONDS = 4;

const source: Picture[] = Array.from({ length: SECONDS * RATE }, (_, n) => ({
  seconds: START + n / RATE,
  blocks: drawMark(7, n),
}));
const reference: Reference = {
  pictures: source,
  sound: [],
  origins: [START],
  pictureEnd: START + SECONDS,
  soundEnd: null,
  isWhole: true,
};
const right: Picture[] = source.map(({ blocks }, n) => ({ seconds: n / RATE, blocks }));

function wrongFrames(pictures: readonly Picture[], of: Reference = reference): number[] {
  return findWrongPictures(of, { pictures, rate: RATE, borders: [50] }).frames;
}

/** The output with other pictures in place of some of its own. */
function withPictures(frames: readonly number[], shown: (frame: number) => number): Picture[] {
  return right.map((picture, n) =>
    frames.includes(n) ? { ...picture, blocks: drawMark(7, shown(n)) } : picture,
  );
}

test('finds no picture of a copy wrong, nor of one that lossy coding has changed a little', () => {
  assert.deepEqual(wrongFrames(right), []);
  const coarse = right.map((picture) => ({ ...picture, blocks: picture.blocks.map((level) => level + 20) }));
  assert.deepEqual(wrongFrames(coarse as Picture[]), []); // a Buffer's map returns a Buffer
});

test('finds frozen, early, foreign and destroyed pictures, and whether they begin at a border', () => {
  const frozen = [50, 51, 52, 53];
  const found = findWrongPictures(reference, {
    pictures: withPictures(frozen, () => 48),
    rate: RATE,
    borders: [50],
  });
  assert.deepEqual([found.frames, found.atBorders], [frozen, 1]);
  assert.match(found.text, /50-53 \(first: 48, source: 50\)/);
  assert.deepEqual(wrongFrames(withPictures([20], (n) => n + 3)), [20]);
  const foreign = right.map((picture, n) => (n === 9 ? { ...picture, blocks: drawMark(8, n) } : picture));
  assert.deepEqual(wrongFrames(foreign), [9]);
  const grey = right.map((picture, n) =>
    n === 60 ? { ...picture, blocks: Buffer.alloc(32, 128) } : picture,
  );
  assert.deepEqual(wrongFrames(grey), [60]);
});

test('a picture that the decoder itself made up is compared only where the source is whole', () => {
  const concealed = source.map((picture, n) =>
    n === 30 ? { ...picture, blocks: Buffer.alloc(32, 90) } : picture,
  );
  assert.deepEqual(wrongFrames(right, { ...reference, pictures: concealed, isWhole: false }), []);
  assert.deepEqual(wrongFrames(right, { ...reference, pictures: concealed }), [30]);
});

test('the first picture stands as long as only the sound has begun', () => {
  const lead = { ...reference, origins: [START - 1] };
  const held = Array.from({ length: RATE }, (_, n) => ({ seconds: n / RATE, blocks: drawMark(7, 0) }));
  const shown = [...held, ...right.map((picture) => ({ ...picture, seconds: picture.seconds + 1 }))];
  assert.deepEqual(wrongFrames(shown, lead), []);
  assert.ok(wrongFrames(right, lead).length > 50);
});

test('finds tones that are elsewhere, missing, made up or too loud', () => {
  const every = SOUND_RATE / LISTEN_RATE;
  const film = makeSound(7, SECONDS);
  const tones = Int16Array.from({ length: SECONDS * LISTEN_RATE }, (_, n) => film.readInt16LE(n * every * 2));
  const place = (samples: Int16Array, seconds: number): Int16Array =>
    placeSound([{ seconds, samples }], 0, SECONDS);
  const nothing = { tones: [], noises: [], loud: [] };
  assert.deepEqual(findWrongSound(place(tones, 0), place(tones, 0)), nothing);
  assert.deepEqual(
    findWrongSound(
      place(tones, 0),
      place(
        tones.map((sample) => sample / 2),
        0.01,
      ),
    ),
    nothing,
  );
  assert.ok(findWrongSound(place(tones, 0), place(tones, 0.5)).tones.length > 5);
  assert.ok(findWrongSound(place(tones, 0), new Int16Array(tones.length)).tones.length > 5);
  assert.ok(findWrongSound(new Int16Array(tones.length), place(tones, 0)).noises.length > 5);
  assert.ok(
    findWrongSound(
      place(
        tones.map((sample) => sample / 3.5),
        0,
      ),
      place(tones, 0),
    ).loud.length > 5,
  );
});

test('a seed draws the same source every time, and thousands draw everything', () => {
  const recipes = Array.from({ length: 2_000 }, (_, seed) => drawRecipe(seed));
  assert.deepEqual(
    recipes.slice(0, 50),
    Array.from({ length: 50 }, (_, seed) => drawRecipe(seed)),
  );
  assert.deepEqual([...new Set(recipes.flatMap(({ specials }) => specials))].sort(), SPECIALS.toSorted());
  assert.equal(new Set(recipes.map(({ container }) => container)).size, 10);
  assert.equal(new Set(recipes.map(({ codec }) => codec)).size, 12);
});
