import type { Farm } from '@reelmill/shared/contracts/admin.ts';
import type { TFunction } from 'i18next';

/** `Encoding part 4, video 12`; only encoding is done in parts, and only some lists say which. */
export function taskLabel(
  { kind, video_id, position }: Pick<Farm['running'][number], 'kind' | 'video_id'> & { position?: number },
  t: TFunction<'farm'>,
): string {
  const facts = { kind: t(`kind.${kind}`), videoId: video_id };
  if (kind !== 'encode' || position === undefined) return t('task', facts);
  return t('taskPart', { ...facts, part: position + 1 });
}
