import { z } from 'zod';
import { errorCodeSchema } from './errors.ts';

const seconds = z.number().nonnegative();
const count = z.int().positive();

/**
 * What a video that is online is not as its owner may expect, without having failed: each by a stable code, with the
 * details of that code; times are in seconds. To add one: its details here, its message in
 * server/src/catalog/notices.ts, its texts in desktop/src/i18n.
 */
export const noticeFactsSchema = z.discriminatedUnion('code', [
  /** The sound was refused by its decoder, for `reason`. */
  z.object({ code: z.literal('audio_left_out'), reason: errorCodeSchema }),
  /** Parts of the sound could not be decoded, or had times that make no sense; there is silence in their place. */
  z.object({ code: z.literal('audio_repaired'), seconds }),
  /** Pictures are missing or damaged; the one before each of them stands in its place. */
  z.object({ code: z.literal('picture_repaired'), seconds }),
  /** Nothing before the first picture that can be decoded is shown. */
  z.object({ code: z.literal('beginning_left_out'), seconds }),
  /** The pictures end before the sound does; the last one stands for so long. */
  z.object({ code: z.literal('picture_held'), seconds }),
  /** The size of the pictures changes in the middle; all are shown in one size. */
  z.object({ code: z.literal('size_changes') }),
  /** The times in the file jump, or make no sense, and were put in order. */
  z.object({ code: z.literal('times_repaired') }),
  /** What was transparent is black. */
  z.object({ code: z.literal('transparency_left_out') }),
  /** Subtitles or captions that are in the file are not in the video. */
  z.object({ code: z.literal('captions_left_out') }),
  /** Sound tracks besides the one that is heard. */
  z.object({ code: z.literal('audio_tracks_left_out'), count }),
  /** Video tracks besides the one that is shown. */
  z.object({ code: z.literal('video_tracks_left_out'), count }),
]);
export type NoticeFacts = z.infer<typeof noticeFactsSchema>;
export type NoticeCode = NoticeFacts['code'];

/** Those of one task, at most one of each code. */
export const noticeListSchema = z.array(noticeFactsSchema).max(16);
