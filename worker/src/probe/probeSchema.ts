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

const dispositionSchema = z.object({ default: z.number().optional(), attached_pic: z.number().optional() });
const sideDataSchema = z.object({
  side_data_type: z.string().optional(),
  displaymatrix: z.string().optional(),
  rotation: z.number().optional(),
});
const tagsSchema = z.object({ alpha_mode: z.string().optional() });

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
  /** How many pictures the decoder holds back to put them in order. */
  has_b_frames: z.int().optional(),
  color_range: z.string().optional(),
  color_space: z.string().optional(),
  color_primaries: z.string().optional(),
  color_transfer: z.string().optional(),
  r_frame_rate: rate,
  avg_frame_rate: rate,
  start_time: looseNumber,
  duration: looseNumber,
  /** Of the container's index, hidden ones too. */
  nb_frames: looseNumber,
  sample_fmt: z.string().optional(),
  sample_rate: looseNumber,
  channels: z.int().optional(),
  channel_layout: z.string().optional(),
  closed_captions: z.int().optional(),
  disposition: dispositionSchema.optional(),
  tags: tagsSchema.optional(),
  side_data_list: z.array(sideDataSchema).optional(),
});
export type ProbedStream = z.infer<typeof streamSchema>;

const formatSchema = z.object({ format_name: z.string(), start_time: looseNumber, duration: looseNumber });

/** What is read of ffprobe's `-of json` with `PROBE_ENTRIES`. */
export const probeSchema = z.object({ format: formatSchema, streams: z.array(streamSchema) });
export type Probe = z.infer<typeof probeSchema>;

const frameSideDataSchema = sideDataSchema.pick({ side_data_type: true });
const frameSchema = z.object({
  /** Null where neither container nor decoder know. */
  best_effort_timestamp_time: looseNumber,
  key_frame: z.coerce.number().optional(),
  width: z.coerce.number().int().positive().optional(),
  height: z.coerce.number().int().positive().optional(),
  pix_fmt: z.string().optional(),
  interlaced_frame: z.coerce.number().optional(),
  color_range: z.string().optional(),
  color_space: z.string().optional(),
  color_primaries: z.string().optional(),
  color_transfer: z.string().optional(),
  sample_aspect_ratio: rate,
  side_data_list: z.array(frameSideDataSchema).optional(),
});

/** How pictures decode, in the order they are shown in. */
export type DecodedFrames = z.infer<typeof frameSchema>[];

/** Parses one line of what ffprobe prints of `FRAME_ENTRIES` in the form `compact=p=0`; null for anything else. */
export function parseFrameLine(line: string): DecodedFrames[number] | null {
  const fields = line.split('|').map((field) => field.split('=', 2));
  const known = fields.filter(([name, value]) => name && value && value !== 'N/A');
  const side_data_list = known.flatMap(([name, value]) =>
    name === 'side_data_type' ? [{ side_data_type: value }] : [],
  );
  const frame = { ...Object.fromEntries(known), side_data_list };
  return known.length === 0 ? null : (frameSchema.safeParse(frame).data ?? null);
}

/** Names what a schema reads for ffprobe's `-show_entries`, so that nothing else (tags of any length) is printed. */
function entriesOf(sections: Record<string, z.ZodObject>): string {
  return Object.entries(sections)
    .map(([section, schema]) => `${section}=${Object.keys(schema.shape).join(',')}`)
    .join(':');
}

export const PROBE_ENTRIES = entriesOf({
  format: formatSchema,
  stream: streamSchema.omit({ disposition: true, tags: true, side_data_list: true }),
  stream_disposition: dispositionSchema,
  stream_tags: tagsSchema,
  stream_side_data: sideDataSchema,
});
export const FRAME_ENTRIES = entriesOf({
  frame: frameSchema.omit({ side_data_list: true }),
  frame_side_data: frameSideDataSchema,
});
