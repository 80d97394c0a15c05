import { z } from 'zod';

/** In pixels of the desktop, over all screens. */
export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

export const placementSchema = z.object({
  x: z.int(),
  y: z.int(),
  width: z.int(),
  height: z.int(),
  maximized: z.boolean(),
});
export type Placement = z.infer<typeof placementSchema>;

/** Where a new window goes; without a place the system chooses one. */
export type WindowPlace = Partial<Pick<Rectangle, 'x' | 'y'>> &
  Pick<Rectangle, 'width' | 'height'> & { maximized: boolean };

export const DEFAULT_SIZE = { width: 1180, height: 760 };
export const MINIMUM_SIZE = { width: 760, height: 520 };
/** So much of the title must be on a screen, or nobody could take hold of the window. */
const GRIP = { width: 120, height: 32 };

/** Where a window goes that was at `saved`, on the screens that are there now. */
export function placeWindow(saved: Placement | null, screens: readonly Rectangle[]): WindowPlace {
  if (saved === null) return { ...DEFAULT_SIZE, maximized: false };
  const screen = screens.find((one) => showsTitle(saved, one));
  const room = screen ?? screens[0];
  const size = {
    width: clamp(saved.width, MINIMUM_SIZE.width, room?.width),
    height: clamp(saved.height, MINIMUM_SIZE.height, room?.height),
  };
  const place = screen === undefined ? {} : { x: saved.x, y: saved.y };
  return { ...place, ...size, maximized: saved.maximized };
}

function showsTitle(window: Rectangle, screen: Rectangle): boolean {
  const left = Math.max(window.x, screen.x);
  const right = Math.min(window.x + window.width, screen.x + screen.width);
  const bottom = screen.y + screen.height;
  return right - left >= GRIP.width && window.y >= screen.y && window.y + GRIP.height <= bottom;
}

function clamp(value: number, least: number, most: number | undefined): number {
  return Math.max(least, Math.min(value, most ?? value));
}
