import { z } from 'zod';

/** ffprobe writes most numbers as strings, and `N/A` or nothing where it does not know. */
const looseNumber = z
  .union([z.string(), z.number()])
  .optional()
  .transform((value) => {
    const number = value === undefined ? Number.NaN : Number(value);
    return Number.isFinite(number) ? number : null;
  });

const rate = z
  .string()
  .optional()
  .transform((value) => {
    const [num, den] = (value ?? '').split(/[/:]/).map(Number);
    return num && den && num > 0 && den > 0 ? { num, den } : null;
  });

const streamSchema = z.object({
  index: z.int().nonnegative(),
  codec_type: z.string().optional(),
  codec_name: z.string().optional(),
  codec_tag_string: z.string().optional(),
  width: z.int().optional(),
  height: z.int().optional(),
  pix_fmt: z.string().optional(),
  sample_aspect_ratio: rate,
  field_order: z.string().optional(),
  color_range: z.string().optional(),
  color_space: z.string().optional(),
  color_primaries: z.string().optional(),
  color_transfer: z.string().optional(),
  r_frame_rate: rate,
  avg_frame_rate: rate,
  start_time: looseNumber,
  duration: looseNumber,
  sample_fmt: z.string().optional(),
  sample_rate: looseNumber,
  channels: z.int().optional(),
  disposition: z.record(z.string(), z.number()).optional(),
  side_data_list: z
    .array(z.looseObject({ side_data_type: z.string().optional(), rotation: z.number().optional() }))
    .optional(),
});
export type ProbedStream = z.infer<typeof streamSchema>;

/** What is read of `ffprobe -show_format -show_streams -of json`. */
export const probeSchema = z.object({
  format: z.object({ format_name: z.string(), start_time: looseNumber, duration: looseNumber }),
  streams: z.array(streamSchema),
});
export type Probe = z.infer<typeof probeSchema>;

/** What is read of `ffprobe -show_frames -of json`: how the first pictures decode. */
export const framesSchema = z.object({
  frames: z.array(
    z.object({
      pix_fmt: z.string().optional(),
      interlaced_frame: z.int().optional(),
      color_range: z.string().optional(),
      color_space: z.string().optional(),
      color_primaries: z.string().optional(),
      color_transfer: z.string().optional(),
    }),
  ),
});
export type DecodedFrames = z.infer<typeof framesSchema>['frames'];
