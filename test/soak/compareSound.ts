import { hearTone } from '../chaos/marks.ts';
import { type DecodedSound, LISTEN_RATE } from './decodeFilm.ts';

const STEP_SECONDS = 0.25;
/** A tone is sure where it is heard so much earlier and later, too. */
const SURE_SECONDS = 0.06;
const WINDOW_SECONDS = 0.24;
const SILENT = 40;
const AUDIBLE = 800;
/** Louder than the source by more than a mix of channels explains. */
const MUCH_LOUDER = 3;

export interface WrongSound {
  /** Places, in seconds of the output, that have another tone than the source, or none. */
  tones: number[];
  /** Places that are silent in the source. */
  noises: number[];
  /** Places that are much louder. */
  loud: number[];
}

/** The pieces at their times, silence elsewhere; `origin` becomes 0. */
export function placeSound(pieces: DecodedSound['pieces'], origin: number, seconds: number): Int16Array {
  const placed = new Int16Array(Math.ceil(seconds * LISTEN_RATE));
  for (const { seconds: begins, samples } of pieces) {
    const at = Math.round((begins - origin) * LISTEN_RATE);
    const visible = samples.subarray(Math.max(0, -at), Math.max(0, placed.length - at));
    if (visible.length > 0) placed.set(visible, Math.max(0, at));
  }
  return placed;
}

export function findWrongSound(source: Int16Array, output: Int16Array): WrongSound {
  const wrong: WrongSound = { tones: [], noises: [], loud: [] };
  const seconds = Math.min(source.length, output.length) / LISTEN_RATE - WINDOW_SECONDS;
  for (let at = WINDOW_SECONDS; at < seconds; at += STEP_SECONDS) {
    const around = [at - SURE_SECONDS, at, at + SURE_SECONDS];
    const tones = around.map((place) => toneAt(source, place));
    const tone = tones[0] ?? null;
    const loudness = loudnessAt(output, at);
    if (tone !== null && tones.every((one) => one === tone)) {
      if (toneAt(output, at) !== tone) wrong.tones.push(at);
      if (loudness > loudnessAt(source, at) * MUCH_LOUDER) wrong.loud.push(at);
    } else if (around.every((place) => loudnessAt(source, place) < SILENT) && loudness > AUDIBLE) {
      wrong.noises.push(at);
    }
  }
  return wrong;
}

function toneAt(samples: Int16Array, seconds: number): number | null {
  // it counts in half seconds, and listens in the middle of each
  return hearTone(samples, LISTEN_RATE, 2 * seconds - 0.5);
}

function loudnessAt(samples: Int16Array, seconds: number): number {
  const from = Math.max(0, Math.round((seconds - WINDOW_SECONDS / 2) * LISTEN_RATE));
  const heard = samples.subarray(from, from + WINDOW_SECONDS * LISTEN_RATE);
  return Math.sqrt(heard.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, heard.length));
}
