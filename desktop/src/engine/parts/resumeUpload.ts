import type { UploadedPart, UploadStatus } from '@reelmill/shared/contracts/uploads.ts';
import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { BegunUpload } from '../api/apiClient.ts';
import type { UploadContext } from '../context.ts';
import type { Retrier } from '../flow/retry.ts';
import type { JournalEntry } from '../ports/journalEntry.ts';
import { fileNameOf, type UploadRecord } from '../record/uploadRecord.ts';
import { type FileIdentity, isSameVersion } from './fingerprint.ts';
import { isSound, type PartPlan, partRange, reviewParts } from './partPlan.ts';

/** An upload that the server has open for this very file; `done` maps part numbers to ETags that can be trusted. */
export interface OpenUpload {
  kind: 'open';
  videoId: number;
  plan: PartPlan;
  done: Map<number, string>;
  /** Begun by another program, or an earlier run of this one; either may be sending it still. */
  isShared: boolean;
  firstUrls: BegunUpload['upload']['urls'];
}

/** The file arrived as a whole in an earlier life of this process. */
export interface ArrivedUpload {
  kind: 'arrived';
  video: Video;
}

type Found = { kind: 'open'; status: UploadStatus } | ArrivedUpload | { kind: 'gone' };

export interface RemoteUploadOptions {
  context: UploadContext;
  record: UploadRecord;
  retrier: Retrier;
  journalKey: string;
  identity: FileIdentity;
  signal: AbortSignal;
}

/**
 * Finds the unfinished upload of a file, or begins one: first the one in the journal, then whatever the server knows
 * of the same file, and only then a new one. Throws `file_changed` where the journal speaks of another version.
 */
export async function openRemoteUpload(options: RemoteUploadOptions): Promise<OpenUpload | ArrivedUpload> {
  const { context, record, journalKey, identity } = options;
  const entry = await context.journal.load(journalKey);
  if (entry !== null) {
    if (!isSameVersion(entry, identity)) {
      throw new ReelmillError('file_changed', 'The file changed since its upload began.');
    }
    const found = await lookUp(options, entry.videoId);
    if (found.kind === 'arrived') return found;
    if (found.kind === 'open') {
      const resumed = await resume(options, found.status, entry);
      if (resumed !== null) return resumed;
    }
    await context.journal.remove(journalKey);
    record.restart('upload_gone');
  }
  const adopted = await adopt(options);
  if (adopted !== null) return adopted;
  await refuseDuplicate(options);
  return begin(options);
}

/** Throws `duplicate` where this is asked for and the server has a video of the same file. */
async function refuseDuplicate({
  context,
  record,
  identity,
  retrier,
  signal,
}: RemoteUploadOptions): Promise<void> {
  if (!record.refuseDuplicates) return;
  const [video] = await retrier.run('look for a video of the same file', signal, () =>
    context.api.findDuplicates(identity.fingerprint, identity.sizeBytes, signal),
  );
  if (video === undefined) return;
  throw new ReelmillError(
    'duplicate',
    `This file was uploaded already; the video is called “${video.title}”.`,
    {
      details: { videoId: video.id, title: video.title },
    },
  );
}

/** An upload of the same file that this machine knows nothing of: every part of it is hashed before it is believed. */
async function adopt(options: RemoteUploadOptions): Promise<OpenUpload | null> {
  const { context, identity, retrier, signal } = options;
  const status = await retrier.run('look for an earlier upload', signal, () =>
    context.api.findResumable(identity.fingerprint, identity.sizeBytes, signal),
  );
  return status === null ? null : resume(options, status, null);
}

async function begin(options: RemoteUploadOptions): Promise<OpenUpload> {
  const { context, record, identity, retrier, signal } = options;
  const { title } = record;
  const request = {
    file_name: fileNameOf(record.path),
    ...(title === null ? {} : { title }),
    size_bytes: identity.sizeBytes,
    last_modified: Math.max(0, Math.trunc(identity.mtimeMs)),
    fingerprint: identity.fingerprint,
  };
  return retrier.run('begin the upload', signal, async (attempt) => {
    // the first try may have worked and only its answer be lost
    const adopted = attempt > 1 ? await adopt(options) : null;
    if (adopted !== null) return adopted;
    const begun = await context.api.beginUpload(request, signal);
    record.markTitleSent(title);
    const plan = planOf(identity, begun.upload);
    const firstUrls = begun.upload.urls;
    return { kind: 'open', videoId: begun.video_id, plan, done: new Map(), isShared: false, firstUrls };
  });
}

async function lookUp({ context, retrier, signal }: RemoteUploadOptions, videoId: number): Promise<Found> {
  return retrier.run('ask for the parts', signal, async () => {
    try {
      return { kind: 'open', status: await context.api.getUpload(videoId, signal) };
    } catch (error) {
      if (!(error instanceof ReelmillError)) throw error;
      if (error.code === 'not_found') return { kind: 'gone' };
      if (error.code !== 'state_conflict' && error.code !== 'upload_gone') throw error;
    }
    const { video } = await context.api.getVideo(videoId, signal);
    const arrived = video.status === 'transcoding' || video.status === 'online' || video.status === 'failed';
    return arrived ? { kind: 'arrived', video } : { kind: 'gone' };
  });
}

/** Null where the upload turns out to be one of another file, or cut in a way that cannot be right. */
async function resume(
  options: RemoteUploadOptions,
  status: UploadStatus,
  entry: JournalEntry | null,
): Promise<OpenUpload | null> {
  const plan = planOf(options.identity, status);
  if (status.size_bytes !== plan.sizeBytes) return null;
  const review = reviewParts(plan, status.parts, entry?.parts ?? {});
  const done = new Map(review.trusted.map((part) => [part.part_number, part.etag]));
  for (const part of review.unverified) {
    if (await matchesLocalFile(options, plan, part)) done.set(part.part_number, part.etag);
    else if (entry === null) return null;
  }
  return { kind: 'open', videoId: status.video_id, plan, done, isShared: true, firstUrls: [] };
}

/** Whether a part that the store has is that of the file here. False where its ETag does not tell. */
export async function matchesLocalFile(
  { context, record, signal }: Pick<RemoteUploadOptions, 'context' | 'record' | 'signal'>,
  plan: PartPlan,
  part: UploadedPart,
): Promise<boolean> {
  const digest = context.digests.md5();
  const range = partRange(plan, part.part_number);
  try {
    for await (const chunk of context.files.read(record.path, range, signal)) await digest.update(chunk);
    return (await digest.hex()) === part.etag;
  } finally {
    digest.drop();
  }
}

function planOf(identity: FileIdentity, cut: { part_size: number; part_count: number }): PartPlan {
  const plan = { sizeBytes: identity.sizeBytes, partSizeBytes: cut.part_size, partCount: cut.part_count };
  if (isSound(plan)) return plan;
  throw new ReelmillError('internal', 'The server cut the file in a way that cannot be right.', {
    retryable: false,
  });
}
