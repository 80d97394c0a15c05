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

/** Where a new window opens; without coordinates the system chooses them. */
export type WindowPlace = Partial<Pick<Rectangle, 'x' | 'y'>> &
  Pick<Rectangle, 'width' | 'height'> & { maximized: boolean };

export const DEFAULT_SIZE = { width: 1180, height: 760 };
export const MINIMUM_SIZE = { width: 760, height: 520 };
/** How much of the title bar must be on a screen, so that the window can be dragged. */
const GRIP = { width: 120, height: 32 };

/** Returns where a window opens that was at `saved`, on the present screens. */
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

function clamp(value: number, min: number, max: number | undefined): number {
  return Math.max(min, Math.min(value, max ?? value));
}
