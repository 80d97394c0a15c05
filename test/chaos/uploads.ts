import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import { addTail, type Clip } from './clips.ts';
import type { Random } from './random.ts';

/** Files that must be refused, and the codes that say why. */
const BAD_FILES = {
  noise: ['not_a_video', 'unreadable_file'],
  text: ['not_a_video', 'unreadable_file'],
  'cut off before its index': ['not_a_video', 'unreadable_file', 'undecodable', 'no_video_stream'],
  playlist: ['playlist_refused'],
} as const satisfies Record<string, readonly ErrorCode[]>;
export type BadFile = keyof typeof BAD_FILES;
const BAD_KINDS = Object.keys(BAD_FILES) as BadFile[]; // Object.keys widens to string[]

export const codesFor = (bad: BadFile): readonly ErrorCode[] => BAD_FILES[bad];

/** By curl in one PUT, by the API in parts, or by `reelmill`. */
export type Way = 'single' | 'multipart' | 'cli';
/** What its owner does with the video once it is accepted. */
export type OwnerAction =
  | 'keep'
  | 'rename'
  | 'play'
  | 'cancel'
  | 'cancel and retry'
  | 'delete'
  | 'delete late';

const PAST_ONE_PART = 9 * 1024 ** 2;

/** One upload: what is sent, what its owner wants, and what came of it as they know it. */
export interface Upload {
  /** Begins its title; no other begins so. */
  readonly name: string;
  readonly owner: number;
  readonly way: Way;
  readonly action: OwnerAction;
  /** Null for a bad file. */
  readonly clip: Clip | null;
  readonly bad: BadFile | null;
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** In seconds of the time line. */
  readonly begunAt: number;
  /** When `complete` was acknowledged; null before. */
  acceptedAt: number | null;
  /** Null where the creator got no response with it. */
  videoId: number | null;
  title: string;
  /** What the server acknowledged of the action. */
  acknowledged: 'nothing' | 'canceled' | 'retried' | 'deleted' | 'too late';
  /** Bytes that a player got, by object key. */
  readonly played: Map<string, string>;
  /** Why the creator stopped trying. */
  problem: string | null;
}

export interface UploadDraft {
  number: number;
  owner: number;
  begunAt: number;
}

/** Draws what is uploaded next, and writes its file. */
export async function drawUpload(
  random: Random,
  clips: readonly Clip[],
  folder: string,
  { number, owner, begunAt }: UploadDraft,
): Promise<Upload> {
  const name = `u${String(number).padStart(5, '0')}`;
  const way = random.pick(['single', 'single', 'multipart', 'multipart', 'cli'] as const);
  const bad = random.chance(0.08) ? random.pick(BAD_KINDS) : null;
  const action = bad === null ? drawAction(random) : 'keep';
  const clip = random.pick(clips);
  const isLong = random.chance(0.06) && way !== 'single';
  const bytes =
    bad === null ? await unique(clip, isLong ? PAST_ONE_PART : 64) : await makeBadFile(bad, clips);
  const extension = bad === null ? clip.container : 'mp4';
  const file = path.join(folder, `${name}.${extension}`);
  await writeFile(file, bytes);
  return {
    ...{ name, owner, way, action, bad, file, begunAt },
    clip: bad === null ? clip : null,
    sizeBytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    acceptedAt: null,
    videoId: null,
    title: name,
    acknowledged: 'nothing',
    played: new Map(),
    problem: null,
  };
}

function drawAction(random: Random): OwnerAction {
  return random.pickWeighted<{ action: OwnerAction; weight: number }>([
    { action: 'keep', weight: 66 },
    { action: 'rename', weight: 8 },
    { action: 'play', weight: 12 },
    { action: 'cancel', weight: 3 },
    { action: 'cancel and retry', weight: 4 },
    { action: 'delete', weight: 4 },
    { action: 'delete late', weight: 3 },
  ]).action;
}

async function unique(clip: Clip, tailBytes: number): Promise<Buffer> {
  return addTail(await readFile(clip.file), clip.container, randomBytes(tailBytes));
}

async function makeBadFile(bad: BadFile, clips: readonly Clip[]): Promise<Buffer> {
  const unlike = randomBytes(16).toString('hex');
  switch (bad) {
    case 'noise':
      return randomBytes(40_000);
    case 'text':
      return Buffer.from(`This is no film: ${unlike}.\n`.repeat(500));
    case 'playlist':
      return Buffer.from(
        `#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:9/${unlike}.ts\n#EXT-X-ENDLIST\n`,
      );
    case 'cut off before its index': {
      // the index of an MP4 comes last
      const mp4 = clips.find(({ container }) => container === 'mp4');
      const whole = await readFile(mp4?.file ?? '');
      const cut = whole.subarray(0, Math.floor(whole.length / 2));
      randomBytes(16).copy(cut, cut.length - 16);
      return cut;
    }
  }
}
