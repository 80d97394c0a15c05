import type { EncodePlan } from '@reelmill/shared/contracts/media.ts';

/** The storyboard's cues: which part of the sprite stands for which time. `spriteUri` is relative to the VTT. */
export function storyboardVtt(
  storyboard: EncodePlan['storyboard'],
  durationSeconds: number,
  spriteUri: string,
): string {
  const { count, columns, intervalSeconds, tileWidth, tileHeight } = storyboard;
  const cues = Array.from({ length: count }, (_, index) => {
    const from = index * intervalSeconds;
    const to = index === count - 1 ? Math.max(durationSeconds, from + 0.001) : from + intervalSeconds;
    const x = (index % columns) * tileWidth;
    const y = Math.floor(index / columns) * tileHeight;
    return `${timestamp(from)} --> ${timestamp(to)}\n${spriteUri}#xywh=${x},${y},${tileWidth},${tileHeight}\n`;
  });
  return `WEBVTT\n\n${cues.join('\n')}`;
}

function timestamp(seconds: number): string {
  const milliseconds = Math.round(seconds * 1000);
  const pad = (value: number, width: number): string => String(value).padStart(width, '0');
  const whole = Math.floor(milliseconds / 1000);
  return `${pad(Math.floor(whole / 3600), 2)}:${pad(Math.floor(whole / 60) % 60, 2)}:${pad(whole % 60, 2)}.${pad(milliseconds % 1000, 3)}`;
}
