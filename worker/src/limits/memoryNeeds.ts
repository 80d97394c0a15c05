import type { MediaFacts } from '@reelmill/shared/contracts/media.ts';

/*
 * How much memory a program may take, computed from what the file declared: a film gets what it needs, whatever its
 * size, and a file that declares little and then grows is stopped early. All sizes are in bytes.
 */

const MIB = 1024 * 1024;
/** Libraries and buffers of ffmpeg and of ffprobe, whatever they read. */
const FFMPEG_BASE = 320 * MIB;
const FFPROBE_BASE = 192 * MIB;
/** What a demuxer keeps of a file: its attachments (fonts), and the index of twelve hours with many tracks. */
const LARGEST_INDEX = 512 * MIB;
/** What the stack of each thread counts for, used or not. */
const THREAD_STACK = 8 * MIB;
/*
 * Since version 7 each part of ffmpeg is a thread of its own, and hands pictures to the next through a queue.
 */
/** Pictures in a queue. */
const QUEUED_PICTURES = 8;
/** Demuxer, decoder, filters. */
const INPUT_PARTS = 3;
/** Encoder, muxer. */
const OUTPUT_PARTS = 2;
/** 4:2:0 of eight bits, as every output is. */
const OUTPUT_PER_PIXEL = 1.5;
/** Upper bound for a program that reads a file which was not inspected yet. */
const UNKNOWN_FILE = 1536 * MIB;
/** Programs that run at once for one file may take so much together; those that need more run in turn. */
const AT_ONCE = 1536 * MIB;

/** Decoders round sizes up to whole blocks. */
const BLOCK = 64;
/** A film that begins small may grow to this size: recordings of calls do. */
const GROWN_PIXELS = 1920 * 1088;
/** Motion vectors and block types that a decoder keeps with every picture, for each pixel. */
const TABLES_PER_PIXEL = 1;
/** Pictures on their way through a decoder besides its references and those of its threads. */
const DECODER_DELAY = 4;
/** Full-size pictures that filters hold: of a deinterlacer, and of a rate conversion. */
const FILTERED_PICTURES = 6;
/** Pictures of a thread: the one that it decodes, and the one that waits to be handed on. */
const PICTURES_PER_THREAD = 2;
/** More threads are not given to a decoder where their pictures would take more than this. */
const THREAD_PICTURES = 768 * MIB;
/** Packets read ahead may take this, were each as large as its picture. */
const READ_AHEAD = 128 * MIB;

/** What x264 keeps of a picture: itself, its interpolated and its shrunken copies. */
const ENCODER_PER_PIXEL = 4;
/** Pictures that x264 holds: lookahead, references, B-frames. */
const ENCODER_PICTURES = 16;
/** Tone mapping calculates in three floats for each pixel, in a chain of filters. */
const TONED_PER_PIXEL = 12;
const TONED_PICTURES = 8;

/** Kept pictures are in RGB, or smaller. */
const KEPT_PER_PIXEL = 4;

/** Pictures that a decoder may have to keep as references; formats that are not named keep fewer. */
const REFERENCES: Readonly<Record<string, number>> = { h264: 16, hevc: 16, vvc: 16, vp9: 10, av1: 10 };
const FEW_REFERENCES = 4;
/** HEVC allows fewer references of pictures that are larger than a quarter of the largest. */
const LARGE_PIXELS = 8192 * 4352 * (1 / 4);
const REFERENCES_OF_LARGE: Readonly<Record<string, number>> = { hevc: 12, vvc: 12 };

interface Size {
  width: number;
  height: number;
}

type Video = Pick<MediaFacts['video'], 'codec' | 'codedWidth' | 'codedHeight' | 'pixelFormat' | 'hdr'>;

/** A source, and who reads it. */
export interface Reading {
  sizeBytes: number;
  video: Video;
  threads: number;
}

/** Pixels of the largest picture that is decoded of a video that declares this size. */
export function maxDecodedPixels({ width, height }: Size): number {
  return Math.max(GROWN_PIXELS, roundUp(width) * roundUp(height));
}

/** A video stream as its container declares it; without a size where the container does not. */
export interface DeclaredVideo extends Size {
  codec: string | undefined;
}

/**
 * For a program that reads a file's header and decodes the first pictures of every video stream, with one thread each:
 * ffprobe decodes to find out what a stream is. `[]` is a file whose streams are not known before it is read.
 */
export function probeMemory(sizeBytes: number, declared: readonly DeclaredVideo[]): number {
  if (declared.length === 0 || declared.some(({ width }) => width === 0)) return UNKNOWN_FILE;
  const decoders = declared.map((video) => {
    const pixels = maxDecodedPixels(video);
    const pictures = referencesOf(video.codec, pixels) + DECODER_DELAY;
    // ten bits of 4:2:0: whatever takes more has fewer references or is smaller
    return pictures * pixels * (3 + TABLES_PER_PIXEL);
  });
  return Math.min(UNKNOWN_FILE, FFPROBE_BASE + indexMemory(sizeBytes) + sum(decoders));
}

/** For a program that decodes no picture: one that reads the header, and the audio task. */
export function bareMemory(sizeBytes: number): number {
  return FFMPEG_BASE + indexMemory(sizeBytes);
}

/** For an encode task: one decoder, the filters, an encoder for each rendition. */
export function encodeMemory({ sizeBytes, video, threads }: Reading, renditions: readonly Size[]): number {
  const encoders = sum(renditions.map((size) => encoderMemory(size, threads)));
  const largest = Math.max(0, ...renditions.map(({ width, height }) => width * height));
  return (
    FFMPEG_BASE +
    indexMemory(sizeBytes) +
    READ_AHEAD +
    decoderMemory(video, threads) +
    encoders +
    tonedMemory(video, largest)
  );
}

/** For a run that makes one picture of many that are scaled down to `kept` first. */
export function pictureMemory(
  { sizeBytes, video, threads }: Reading,
  kept: Size & { count: number },
): number {
  const pixels = kept.width * kept.height;
  const keptBytes = kept.count * pixels * KEPT_PER_PIXEL;
  return (
    FFMPEG_BASE +
    indexMemory(sizeBytes) +
    decoderMemory(video, threads) +
    keptBytes +
    tonedMemory(video, pixels)
  );
}

/** Whether programs that take so much together may run at the same time for one file; otherwise they run in turn. */
export function mayRunAtOnce(memoryBytes: number): boolean {
  return memoryBytes <= AT_ONCE;
}

/** Threads that a decoder gets of those that there are: fewer for very large pictures, for each keeps some. */
export function decoderThreads(video: Video, threads: number): number {
  const affordable = Math.floor(THREAD_PICTURES / (PICTURES_PER_THREAD * pictureBytes(video)));
  return Math.min(threads, Math.max(1, affordable));
}

/** Packets of a video that are read ahead while others are being decoded. */
export function packetsReadAhead(video: Video): number {
  const largestPacket = video.codedWidth * video.codedHeight * bytesPerPixel(video.pixelFormat);
  return Math.min(128, Math.max(4, Math.floor(READ_AHEAD / largestPacket)));
}

function indexMemory(sizeBytes: number): number {
  return Math.min(LARGEST_INDEX, sizeBytes);
}

/** A decoder and the filters behind it, with the threads of both. */
function decoderMemory(video: Video, threads: number): number {
  const inThreads = PICTURES_PER_THREAD * decoderThreads(video, threads);
  const pixels = maxDecodedPixels({ width: video.codedWidth, height: video.codedHeight });
  const passing = DECODER_DELAY + FILTERED_PICTURES + QUEUED_PICTURES;
  const pictures = referencesOf(video.codec, pixels) + passing + inThreads;
  return pictures * pictureBytes(video) + (2 * threads + INPUT_PARTS) * THREAD_STACK;
}

function tonedMemory(video: Video, pixels: number): number {
  return video.hdr === 'none' ? 0 : pixels * TONED_PER_PIXEL * TONED_PICTURES;
}

function pictureBytes({ codedWidth, codedHeight, pixelFormat }: Video): number {
  const pixels = maxDecodedPixels({ width: codedWidth, height: codedHeight });
  return pixels * (bytesPerPixel(pixelFormat) + TABLES_PER_PIXEL);
}

function encoderMemory({ width, height }: Size, threads: number): number {
  const pixels = width * height;
  const pictures = ENCODER_PICTURES + 2 * threads;
  const queued = QUEUED_PICTURES * pixels * OUTPUT_PER_PIXEL;
  return pixels * ENCODER_PER_PIXEL * pictures + queued + (2 * threads + OUTPUT_PARTS) * THREAD_STACK;
}

function referencesOf(codec: string | undefined, pixels: number): number {
  const ofLarge = pixels > LARGE_PIXELS ? REFERENCES_OF_LARGE[codec ?? ''] : undefined;
  return ofLarge ?? REFERENCES[codec ?? ''] ?? FEW_REFERENCES;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function roundUp(pixels: number): number {
  return Math.ceil(pixels / BLOCK) * BLOCK;
}

/** Bytes of one pixel in memory, by ffmpeg's name of the format: never less than it takes. */
export function bytesPerPixel(pixelFormat: string): number {
  const alpha = /^(yuva|gbrap|rgba|bgra|argb|abgr|ya\d|ayuv)/.test(pixelFormat) ? 1 : 0;
  return (samplesPerPixel(pixelFormat) + alpha) * bytesPerSample(pixelFormat);
}

function samplesPerPixel(pixelFormat: string): number {
  if (/^(gray|ya\d|mono|pal8|bayer)/.test(pixelFormat)) return 1;
  if (/^yuv[aj]?(420|41[01])|^uyyvyy411|^nv(12|21)|^p01/.test(pixelFormat)) return 1.5;
  if (/^yuv[aj]?(422|440)|^(uyvy|yuyv|yvyu)422|^nv(16|20)|^[py]21/.test(pixelFormat)) return 2;
  return /^(0|x2)|0$/.test(pixelFormat) ? 4 : 3;
}

function bytesPerSample(pixelFormat: string): number {
  if (/f32/.test(pixelFormat)) return 4;
  return /\d(le|be)$/.test(pixelFormat) ? 2 : 1;
}
