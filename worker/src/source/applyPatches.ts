import type { SourcePatch } from '@reelmill/shared/contracts/media.ts';

/** Overwrites what patches replace of a stretch of a source that begins at `offset`. */
export function applyPatches(patches: readonly SourcePatch[], stretch: Buffer, offset: number): void {
  for (const patch of patches) {
    const bytes = Buffer.from(patch.hex, 'hex');
    const from = Math.max(offset, patch.offset);
    const to = Math.min(offset + stretch.length, patch.offset + bytes.length);
    if (from < to) bytes.copy(stretch, from - offset, from - patch.offset, to - patch.offset);
  }
}
