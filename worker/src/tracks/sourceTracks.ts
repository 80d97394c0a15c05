import type { SourcePatch } from '@reelmill/shared/contracts/media.ts';

/** A track as the file itself describes it; the order of tracks is that of ffmpeg's streams. */
export interface SourceTrack {
  isSound: boolean;
  /** With these bytes in the file, ffmpeg does not know what the track is, and passes over it. */
  hiding: SourcePatch[];
  /** The sample entry of a track of MP4: where it lies, and its first bytes. */
  sampleEntry: { offset: number; bytes: Buffer } | null;
}

export function patchOf(offset: number, bytes: Buffer): SourcePatch {
  return { offset, hex: bytes.toString('hex') };
}
