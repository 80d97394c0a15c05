import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { orientationFilters, orientationOf } from './orientation.ts';

type Matrix = readonly [a: number, b: number, c: number, d: number];

/** A picture's right goes to (a, b), and its down to (c, d). */
const MATRICES: readonly Matrix[] = [
  [1, 0, 0, 1],
  [-1, 0, 0, 1],
  [1, 0, 0, -1],
  [-1, 0, 0, -1],
  [0, 1, 1, 0],
  [0, 1, -1, 0],
  [0, -1, 1, 0],
  [0, -1, -1, 0],
];

/** As ffprobe prints it. */
function printed([a, b, c, d]: Matrix): string {
  const rows = [
    [a, b, 0],
    [c, d, 0],
    [0, 0, 1],
  ];
  const one = 65_536;
  return rows
    .map((row, index) => `0000000${index}: ${row.map((n) => String(n * one).padStart(11)).join(' ')}`)
    .reduce((text, line) => `${text}${line}\n`, '\n');
}

/** Grey levels of the corners of a square, row by row. */
const CORNERS = [40, 90, 150, 220];

/** Where the matrix puts each corner. */
function expectedCorners([a, b, c, d]: Matrix): number[] {
  const shown = [0, 0, 0, 0];
  for (const [index, level] of CORNERS.entries()) {
    const [x, y] = [index % 2 === 0 ? -1 : 1, index < 2 ? -1 : 1];
    const [right, down] = [a * x + c * y > 0, b * x + d * y > 0];
    shown[(down ? 2 : 0) + (right ? 1 : 0)] = level;
  }
  return shown;
}

test('each of the eight orientations puts every corner where its matrix does', () => {
  const square = `nullsrc=s=2x2,format=gray,geq=lum='${CORNERS[0]}+${50}*X+Y*(110+20*X)'`;
  for (const matrix of MATRICES) {
    const filters = orientationFilters(orientationOf({ displaymatrix: printed(matrix), rotation: 0 }));
    const picture = ['-f', 'lavfi', '-i', square, '-frames:v', '1', '-vf', ['null', ...filters].join(',')];
    const shown = execFileSync('ffmpeg', ['-v', 'error', ...picture, '-f', 'rawvideo', '-']);
    assert.deepEqual([...shown], expectedCorners(matrix), `${matrix}: ${filters}`);
  }
});

test('a matrix that is no quarter of a turn, or none, leaves the picture as it is', () => {
  const upright = { rotationDegrees: 0, mirrored: false };
  assert.deepEqual(orientationOf(undefined), upright);
  assert.deepEqual(orientationOf({ displaymatrix: printed([0.8, 0.6, -0.6, 0.8]) }), upright);
  assert.deepEqual(orientationOf({ displaymatrix: printed([0, 0, 0, 0]), rotation: Number.NaN }), upright);
});

test('a scaled matrix turns; without a matrix the rotation alone does', () => {
  assert.deepEqual(orientationOf({ displaymatrix: printed([0, 2, -2, 0]) }), {
    rotationDegrees: 90,
    mirrored: false,
  });
  assert.deepEqual(orientationOf({ rotation: -90 }), { rotationDegrees: 90, mirrored: false });
});
