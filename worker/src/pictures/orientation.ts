/** How a decoded picture is turned before it is shown: first mirrored left to right, then rotated. */
export interface Orientation {
  /** Clockwise. */
  rotationDegrees: 0 | 90 | 180 | 270;
  mirrored: boolean;
}

/** A display matrix as far as it can be read: ffprobe's text of nine numbers, and its counterclockwise rotation. */
export interface DisplayMatrix {
  displaymatrix?: string | undefined;
  rotation?: number | undefined;
}

const UPRIGHT: Orientation = { rotationDegrees: 0, mirrored: false };
const QUARTERS = [0, 90, 180, 270] as const;
/** Matrices of other angles than quarters of a turn are not followed: players do not, either. */
const TOLERANCE_DEGREES = 1;

/** Returns which of the eight orientations a stream's display matrix asks for; upright where there is none. */
export function orientationOf(matrix: DisplayMatrix | undefined): Orientation {
  if (matrix === undefined) return UPRIGHT;
  const [a = 0, b = 0, , c = 0, d = 0] = matrixNumbers(matrix.displaymatrix ?? '');
  const determinant = a * d - b * c;
  if (determinant === 0) return { rotationDegrees: nearestQuarter(-(matrix.rotation ?? 0)), mirrored: false };
  const mirrored = determinant < 0;
  // without its mirroring, the first column says where the picture's left-to-right points to
  const sign = mirrored ? -1 : 1;
  const degrees = (Math.atan2(sign * b, sign * a) * 180) / Math.PI;
  return { rotationDegrees: nearestQuarter(degrees), mirrored };
}

/** The filters that turn a picture; none where it is upright. */
export function orientationFilters({ rotationDegrees, mirrored }: Orientation): string[] {
  switch (rotationDegrees) {
    case 0:
      return mirrored ? ['hflip'] : [];
    case 90:
      return [`transpose=${mirrored ? 'clock_flip' : 'clock'}`];
    case 180:
      return mirrored ? ['vflip'] : ['hflip', 'vflip'];
    case 270:
      return [`transpose=${mirrored ? 'cclock_flip' : 'cclock'}`];
  }
}

/** `00000000:  65536  0  0` in three lines; `[]` where it is anything else. */
function matrixNumbers(text: string): number[] {
  const numbers = text.replaceAll(/^\d+:/gm, '').trim().split(/\s+/).map(Number);
  return numbers.length === 9 && numbers.every(Number.isFinite) ? numbers : [];
}

function nearestQuarter(degrees: number): Orientation['rotationDegrees'] {
  const turned = ((degrees % 360) + 360) % 360;
  const quarter = Math.round(turned / 90);
  return Math.abs(turned - quarter * 90) < TOLERANCE_DEGREES ? (QUARTERS[quarter % 4] ?? 0) : 0;
}
