import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { VideoRow } from '../../server/src/db/rows.ts';
import { checkContent } from './checkContent.ts';
import { codesFor, type Upload } from './uploads.ts';
import type { Violations } from './violations.ts';
import type { Remains } from './world.ts';

const AT_ONCE = 3;

export interface UploadChecks {
  remains: Remains;
  violations: Violations;
  /** For what is decoded. */
  folder: string;
}

export interface UploadOutcomes {
  /** How many uploads came to each end. */
  counts: Record<string, number>;
  /** Every object that a video may have. */
  expectedKeys: Set<string>;
}

/** Checks that every upload has the one end that fits its file and its owner's action, and what was published of it. */
export async function checkUploads(
  checks: UploadChecks,
  uploads: readonly Upload[],
): Promise<UploadOutcomes> {
  const rows = await checks.remains.database.models.Video.findAll();
  const outcomes: UploadOutcomes = { counts: {}, expectedKeys: new Set() };
  const waiting = [...uploads];
  const takeNext = async (): Promise<void> => {
    for (let upload = waiting.shift(); upload !== undefined; upload = waiting.shift()) {
      const { name } = upload;
      const videos = rows.filter(({ title }) => title === name || title.startsWith(`${name} `));
      await checkUpload(checks, upload, videos, outcomes);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, takeNext));
  return outcomes;
}

async function checkUpload(
  checks: UploadChecks,
  upload: Upload,
  videos: readonly VideoRow[],
  outcomes: UploadOutcomes,
): Promise<void> {
  const { violations } = checks;
  const before = violations.list.length;
  // an upload whose beginning the creator did not hear of is none of theirs; it ends by itself
  const ended = videos.filter(
    ({ id, status }) => id === upload.videoId || (status !== 'uploading' && status !== 'canceled'),
  );
  const [video] = ended;
  const report = (check: string, what: string): void =>
    violations.add(check, what, { upload, videoId: video?.id });
  const outcome = video === undefined ? 'none' : video.deletedAt === null ? video.status : 'deleted';
  outcomes.counts[outcome] = (outcomes.counts[outcome] ?? 0) + 1;

  if (upload.acceptedAt === null) report('upload never accepted', upload.problem ?? 'no reason');
  else if (upload.problem !== null) report('action never completed', upload.problem);
  if (ended.length > 1) report('doubled', `videos ${ended.map(({ id }) => id).join(', ')}`);
  const expected = expectedOutcomes(upload);
  if (!expected.includes(outcome)) {
    const { errorCode, errorMessage, errorDiagnostics } = video ?? {};
    const check = outcome === 'failed' && upload.bad === null ? 'good file blamed' : 'outcome';
    const why = errorCode ? `: ${errorCode}: ${errorMessage} [${errorDiagnostics?.slice(-400)}]` : '';
    report(check, `${outcome} instead of ${expected.join(' or ')}${why}`);
  }
  if (video !== undefined && video.deletedAt === null) {
    await checkSource(checks, upload, video, outcomes);
    await checkPublished(checks, upload, video, outcomes);
    if (upload.acceptedAt !== null && video.title !== upload.title)
      report('title', `"${video.title}" instead of "${upload.title}"`);
  }
  if (violations.list.length === before) await rm(upload.file, { force: true });
}

function expectedOutcomes({ bad, action, acknowledged }: Upload): string[] {
  if (bad !== null) return ['failed'];
  if (acknowledged === 'deleted') return ['deleted', 'none'];
  if (acknowledged === 'canceled' && action === 'cancel') return ['canceled'];
  if (acknowledged === 'canceled') return ['canceled', 'online'];
  return ['online'];
}

async function checkSource(
  { remains: { store }, violations }: UploadChecks,
  upload: Upload,
  video: VideoRow,
  outcomes: UploadOutcomes,
): Promise<void> {
  const hash = createHash('sha256');
  try {
    await pipeline(await store.get(video.sourceKey), hash);
    const sha256 = hash.digest('hex');
    if (sha256 !== upload.sha256)
      violations.add('source bytes', `they hash to ${sha256}`, { upload, videoId: video.id });
  } catch (error) {
    violations.add('source bytes', String(error), { upload, videoId: video.id });
  }
  outcomes.expectedKeys.add(video.sourceKey);
}

async function checkPublished(
  { remains, violations, folder }: UploadChecks,
  upload: Upload,
  video: VideoRow,
  { expectedKeys }: UploadOutcomes,
): Promise<void> {
  const { store } = remains;
  if (upload.bad !== null && video.status === 'failed') {
    const codes: readonly (string | null)[] = codesFor(upload.bad);
    if (!codes.includes(video.errorCode))
      violations.add('reason of refusal', `${video.errorCode} instead of ${codes.join(' or ')}`, {
        upload,
        videoId: video.id,
      });
  }
  if (video.status !== 'online' || upload.clip === null) return;
  const keys = await checkContent(
    {
      ...{ store, folder, played: upload.played },
      report: (check, what) => violations.add(check, what, { upload, videoId: video.id }),
    },
    video,
    upload.clip,
  );
  for (const key of keys) expectedKeys.add(key);
}
