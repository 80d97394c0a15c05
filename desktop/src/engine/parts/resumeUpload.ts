import type { UploadedPart, UploadStatus } from '@reelmill/shared/contracts/uploads.ts';
import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { ReelmillError } from '@reelmill/shared/runtime/errors.ts';
import type { BegunUpload } from '../api/apiClient.ts';
import type { UploadContext } from '../context.ts';
import type { Retrier } from '../flow/retry.ts';
import type { JournalEntry } from '../ports/journalEntry.ts';
import { fileNameOf, type UploadRecord } from '../record/uploadRecord.ts';
import { type FileIdentity, isSameVersion } from './fingerprint.ts';
import { isValidPlan, type PartPlan, partRange, reviewParts } from './partPlan.ts';

/** An upload that is open on the server for this very file; `done` maps part numbers to trusted ETags. */
export interface OpenUpload {
  kind: 'open';
  videoId: number;
  plan: PartPlan;
  done: Map<number, string>;
  /** Begun by another program or by an earlier run of this one; either may still be sending it. */
  isShared: boolean;
  firstUrls: BegunUpload['upload']['urls'];
}

/** The whole file arrived in an earlier run of this program. */
export interface ArrivedUpload {
  kind: 'arrived';
  video: Video;
}

type Found = { kind: 'open'; status: UploadStatus } | ArrivedUpload | { kind: 'gone' };

export interface ResumeOptions {
  context: UploadContext;
  record: UploadRecord;
  retrier: Retrier;
  journalKey: string;
  identity: FileIdentity;
  signal: AbortSignal;
}

/**
 * Returns the unfinished upload of a file, or begins one: first the upload in the journal, then one that the server
 * knows for the same file, and only then a new one. Throws `file_changed` where the journal has another version of the
 * file, and `duplicate` where duplicates are rejected and the server has a video of it.
 */
export async function resumeOrBeginUpload(options: ResumeOptions): Promise<OpenUpload | ArrivedUpload> {
  const { context, record, journalKey } = options;
  const entry = await context.journal.load(journalKey);
  if (entry !== null) {
    const resumed = await resumeFromJournal(options, entry);
    if (resumed !== null) return resumed;
    await context.journal.remove(journalKey);
    record.restart('upload_gone');
  }
  const found = await resumeFromServer(options);
  if (found !== null) return found;
  await assertNoDuplicate(options);
  return beginUpload(options);
}

/** Throws `duplicate` where duplicates are rejected and the server has a video of the same file. */
async function assertNoDuplicate({
  context,
  record,
  identity,
  retrier,
  signal,
}: ResumeOptions): Promise<void> {
  if (!record.refuseDuplicates) return;
  const [video] = await retrier.run('look for a video of the same file', signal, () =>
    context.api.findDuplicates(identity.fingerprint, identity.sizeBytes, signal),
  );
  if (video === undefined) return;
  throw new ReelmillError(
    'duplicate',
    `This file has already been uploaded; its video is called “${video.title}”.`,
    {
      details: { videoId: video.id, title: video.title },
    },
  );
}

/** Returns the upload that the journal names. Null where the server has it no longer, or has other parts for it. */
async function resumeFromJournal(
  options: ResumeOptions,
  entry: JournalEntry,
): Promise<OpenUpload | ArrivedUpload | null> {
  if (!isSameVersion(entry, options.identity)) {
    throw new ReelmillError('file_changed', 'The file has changed since its upload was started.');
  }
  const found = await fetchUpload(options, entry.videoId);
  if (found.kind === 'arrived') return found;
  if (found.kind === 'gone') return null;
  const reviewed = reviewListedParts(options, found.status, entry.parts);
  if (reviewed === null) return null;
  const { plan, done, unverified } = reviewed;
  // a part with other bytes is sent again
  for (const part of unverified) {
    if (await matchesLocalFile(options, plan, part)) done.set(part.part_number, part.etag);
  }
  return openUpload(found.status, plan, done);
}

/**
 * Returns an upload of the same file that only the server knows, begun here or elsewhere. Null where there is none, or
 * where a part of it has other bytes: then it is the upload of another file.
 */
async function resumeFromServer(options: ResumeOptions): Promise<OpenUpload | null> {
  const { context, identity, retrier, signal } = options;
  const status = await retrier.run('look for an earlier upload', signal, () =>
    context.api.findResumable(identity.fingerprint, identity.sizeBytes, signal),
  );
  const reviewed = status === null ? null : reviewListedParts(options, status, {});
  if (status === null || reviewed === null) return null;
  const { plan, done, unverified } = reviewed;
  for (const part of unverified) {
    if (!(await matchesLocalFile(options, plan, part))) return null;
    done.set(part.part_number, part.etag);
  }
  return openUpload(status, plan, done);
}

async function beginUpload(options: ResumeOptions): Promise<OpenUpload> {
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
    // an earlier attempt may have succeeded with only its response lost
    const found = attempt > 1 ? await resumeFromServer(options) : null;
    if (found !== null) return found;
    const begun = await context.api.beginUpload(request, signal);
    record.markTitleSent(title);
    const plan = toPlan(identity, begun.upload);
    const firstUrls = begun.upload.urls;
    return { kind: 'open', videoId: begun.video_id, plan, done: new Map(), isShared: false, firstUrls };
  });
}

/** Returns the state of an upload on the server: still open, arrived as a whole, or gone. */
async function fetchUpload({ context, retrier, signal }: ResumeOptions, videoId: number): Promise<Found> {
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

interface ReviewedParts {
  plan: PartPlan;
  /** The parts whose ETags are among `sentEtags`. */
  done: Map<number, string>;
  /** To be compared with the local file. */
  unverified: UploadedPart[];
}

/** Compares the parts that the store lists with those sent from here. Null where it is the upload of a file of another size. */
function reviewListedParts(
  { identity }: ResumeOptions,
  status: UploadStatus,
  sentEtags: Readonly<Record<string, string>>,
): ReviewedParts | null {
  const plan = toPlan(identity, status);
  if (status.size_bytes !== plan.sizeBytes) return null;
  const { trusted, unverified } = reviewParts(plan, status.parts, sentEtags);
  return { plan, done: new Map(trusted.map((part) => [part.part_number, part.etag])), unverified };
}

function openUpload(status: UploadStatus, plan: PartPlan, done: Map<number, string>): OpenUpload {
  return { kind: 'open', videoId: status.video_id, plan, done, isShared: true, firstUrls: [] };
}

/** Whether a part in the store has the bytes of the local file. False where its ETag is not an MD5. */
export async function matchesLocalFile(
  { context, record, signal }: Pick<ResumeOptions, 'context' | 'record' | 'signal'>,
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

/** Throws `internal` where the parts are not exactly the file. */
function toPlan(identity: FileIdentity, cut: { part_size: number; part_count: number }): PartPlan {
  const plan = { sizeBytes: identity.sizeBytes, partSizeBytes: cut.part_size, partCount: cut.part_count };
  if (isValidPlan(plan)) return plan;
  throw new ReelmillError('internal', 'The server divided the file into parts that do not add up to it.', {
    retryable: false,
  });
}
