import { z } from 'zod';
import { noticeListSchema } from './notices.ts';

/** An exact rate or ratio; 29.97 fps is 30000/1001 and stays so. */
export const rationalSchema = z.object({ num: z.int().positive(), den: z.int().positive() });
export type Rational = z.infer<typeof rationalSchema>;

/** Neither picture nor sound for so long, around a place in the source's own time; `durationSeconds` is without it. */
export const closedHoleSchema = z.object({ atSeconds: z.number(), seconds: z.number().positive() });
export type ClosedHole = z.infer<typeof closedHoleSchema>;

/** The shape of the pixels of all pictures from that time on, in the source's own time. */
export const aspectChangeSchema = z.object({ fromSeconds: z.number(), aspect: rationalSchema });
export type AspectChange = z.infer<typeof aspectChangeSchema>;

/** Bytes that are read in the place of a source's own, where those would mislead ffmpeg. */
export const sourcePatchSchema = z.object({
  offset: z.int().nonnegative(),
  hex: z.string().regex(/^(?:[0-9a-f]{2}){1,32}$/),
});
export type SourcePatch = z.infer<typeof sourcePatchSchema>;

/** What inspection found out about a source; everything a plan is made from. Times are in seconds. */
export const mediaFactsSchema = z.object({
  /** The demuxer to force on every later read (ffmpeg's `-f`). */
  demuxer: z.string(),
  durationSeconds: z.number().nonnegative(),
  /** `start_time` of the container; `-ss` counts from here for containers without an index. */
  containerStartSeconds: z.number(),
  video: z.object({
    /** Index among all streams, for `-map 0:N`. */
    streamIndex: z.int().nonnegative(),
    codec: z.string(),
    startSeconds: z.number(),
    /** When the picture begins that is shown from `startSeconds` on, where an edit list cuts into it. */
    cutPictureSeconds: z.number().optional(),
    durationSeconds: z.number().nonnegative(),
    /** Coded size, before rotation and sample aspect ratio; where it changes, the largest that lasts. */
    codedWidth: z.int().positive(),
    codedHeight: z.int().positive(),
    /** Size as shown: rotated, square pixels, even. */
    displayWidth: z.int().positive(),
    displayHeight: z.int().positive(),
    /** The size or shape of the pictures changes; all are put into the coded size, with bars where they do not fit. */
    sizeChanges: z.boolean().optional(),
    /** The display matrix mirrors the picture, left to right, before it rotates it. */
    mirrored: z.boolean().optional(),
    /** Clockwise rotation that the display matrix asks for. */
    rotationDegrees: z.union([z.literal(0), z.literal(90), z.literal(180), z.literal(270)]),
    sampleAspectRatio: rationalSchema,
    /** All shapes that the pixels have, one after the other; not there where only the first pictures were looked at. */
    aspectChanges: z.array(aspectChangeSchema).max(100).optional(),
    pixelFormat: z.string(),
    /** Parts of the pictures are transparent; they are shown on black. */
    transparent: z.boolean().optional(),
    fullRange: z.boolean(),
    interlaced: z.boolean(),
    hdr: z.enum(['none', 'pq', 'hlg']),
    /** ffmpeg's own names, or null where the source has none. */
    colorSpace: z.string().nullable(),
    colorPrimaries: z.string().nullable(),
    colorTransfer: z.string().nullable(),
    /** The constant rate of the output: derived from the packets, never above 60. */
    outputFrameRate: rationalSchema,
    variableFrameRate: z.boolean(),
    /** The whole video is one picture, which may have no duration of its own. */
    singlePicture: z.boolean().default(false),
    /** The last picture is shown for so long behind its own frame, at the end of `durationSeconds`. */
    heldSeconds: z.number().nonnegative().optional(),
    /** Pictures come out of the decoder with times that are so much later than those at which they are shown. */
    reorderSeconds: z.number().nonnegative().optional(),
    /** Times that a decoder gives to pictures and that are wrong; those are not shown. */
    strayTimes: z.array(z.number()).max(50).optional(),
  }),
  audio: z
    .object({
      streamIndex: z.int().nonnegative(),
      codec: z.string(),
      channels: z.int().positive(),
      /** Which channels are left and right is not known; left out of older facts. */
      unnamedChannels: z.boolean().optional(),
      sampleRate: z.int().positive(),
      startSeconds: z.number(),
      durationSeconds: z.number().nonnegative(),
    })
    .nullable(),
  /** Whether a read may begin anywhere; false plans the video as one chunk. */
  seekable: z.boolean(),
  /** Extra seconds to begin before a chunk for containers whose seeking is approximate. */
  preRollSeconds: z.number().nonnegative(),
  /** What is left out, in its order; only of videos that are planned as one chunk. */
  closedHoles: z.array(closedHoleSchema).max(100).optional(),
  /** Inspected again because a plan did not fit: no other inspection would find out more. */
  thorough: z.boolean().optional(),
  /** For every read of the source. */
  sourcePatches: z.array(sourcePatchSchema).max(400).optional(),
  /** What inspection found that the owner should know. */
  notices: noticeListSchema.optional(),
});
export type MediaFacts = z.infer<typeof mediaFactsSchema>;

/** One picture size of the ladder. Bit rates are in bits per second. */
export const renditionSchema = z.object({
  /** As people know it and as keys use it: `720p`. */
  quality: z.string().regex(/^\d+p$/),
  width: z.int().positive(),
  height: z.int().positive(),
  crf: z.number(),
  maxrate: z.int().positive(),
  bufsize: z.int().positive(),
});
export type Rendition = z.infer<typeof renditionSchema>;

export const audioRenditionSchema = z.object({
  channels: z.int().positive(),
  sampleRate: z.int().positive(),
  bitrate: z.int().positive(),
});

/** A run of whole segments; frames are counted on the output timeline from 0. */
export const chunkSchema = z.object({
  index: z.int().nonnegative(),
  firstSegment: z.int().nonnegative(),
  /** For the last chunk an upper bound: one that is too short is joined to the one before it. */
  segmentCount: z.int().positive(),
  firstFrame: z.int().nonnegative(),
  /** For the last chunk an upper bound, elsewhere exact. */
  frameCount: z.int().positive(),
  last: z.boolean(),
});
export type Chunk = z.infer<typeof chunkSchema>;

/** Everything that the tasks of one video share. `version` counts plans of the same video and is part of keys. */
export const encodePlanSchema = z.object({
  version: z.int().positive(),
  /** The folder of the video's objects under `processed/`; left out where that is its number. */
  folder: z
    .string()
    .regex(/^\d+-[0-9a-f]{32}$/)
    .optional(),
  facts: mediaFactsSchema,
  segmentFrames: z.int().positive(),
  totalFrames: z.int().positive(),
  /** A last segment that would be shorter is part of the one before it. Plans of earlier versions lack it and join none. */
  minSegmentSeconds: z.number().positive().optional(),
  renditions: z.array(renditionSchema).min(1),
  audio: audioRenditionSchema.nullable(),
  chunks: z.array(chunkSchema).min(1),
  /** Every picture of the storyboard stands for this many seconds. */
  storyboard: z.object({
    intervalSeconds: z.number().positive(),
    count: z.int().positive(),
    columns: z.int().positive(),
    rows: z.int().positive(),
    tileWidth: z.int().positive(),
    tileHeight: z.int().positive(),
  }),
});
export type EncodePlan = z.infer<typeof encodePlanSchema>;

/** One finished media segment. */
export const segmentSchema = z.object({
  index: z.int().nonnegative(),
  durationSeconds: z.number().positive(),
  sizeBytes: z.int().positive(),
});
export type Segment = z.infer<typeof segmentSchema>;

/** What one task made of one rendition (or of the audio). `codecs` is RFC 6381, for the master playlist. */
export const renditionOutputSchema = z.object({
  quality: z.string(),
  codecs: z.string(),
  initSha256: z.string(),
  frames: z.int().nonnegative(),
  segments: z.array(segmentSchema),
});
export type RenditionOutput = z.infer<typeof renditionOutputSchema>;
