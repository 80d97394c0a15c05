import type { Video, WaitingReason } from '@reelmill/shared/contracts/videos.ts';
import { formatBytes } from '@reelmill/shared/core/formatBytes.ts';
import type { UploadSnapshot, VideoProgress } from '../contracts/desktop.ts';
import type { UploadEvent } from '../engine/record/events.ts';
import { serializeProgress } from '../engine/record/serializeSnapshot.ts';
import { formatSeconds, printable } from './formats.ts';

/** Returns one line for an event; null where it adds nothing to the lines before. */
export function formatEvent(event: UploadEvent): string | null {
  if (!('upload' in event)) return null;
  const name = printable(event.upload.fileName);
  const text = formatChange(event);
  return text === null ? null : `${name}: ${text}`;
}

function formatChange(event: Extract<UploadEvent, { upload: UploadSnapshot }>): string | null {
  const { upload } = event;
  switch (event.type) {
    case 'state':
      return formatState(upload);
    case 'progress':
      return formatProgress(upload);
    case 'resumed':
      return `resuming, ${formatBytes(upload.keptBytes)} already uploaded (${event.keptParts} of ${event.partCount} parts)`;
    case 'restarted':
      return event.reason === 'file_changed'
        ? 'the file has changed since its upload was started; starting over'
        : 'the server no longer has the unfinished upload; starting over';
    case 'retrying':
      return `${event.call}: ${event.message} Retrying in ${formatSeconds(event.waitMs / 1000)} (attempt ${event.attempt + 1}).`;
    case 'added':
    case 'changed':
    case 'recovered':
      return null;
    case 'video':
      return upload.video === null ? null : formatVideo(upload.video);
  }
}

export function formatState(upload: UploadSnapshot): string | null {
  switch (upload.state) {
    case 'fingerprinting':
      return 'checking the file';
    case 'uploading':
      return `uploading ${formatBytes(upload.sizeBytes ?? 0)}`;
    case 'completing':
      return 'completing the upload';
    case 'processing':
      return 'uploaded';
    case 'online':
      return `online${upload.video === null ? '' : `, watch it at ${upload.video.watchUrl}`}`;
    case 'failed':
      return `failed: ${upload.failure?.message ?? 'unknown error'}`;
    case 'canceled':
      return 'canceled';
    case 'paused':
      return 'paused';
    case 'waiting':
      return null;
  }
}

/** `45.0 % of 1.2 GiB, 85.3 MiB/s, 8s left` */
export function formatProgress(upload: UploadSnapshot): string {
  const size = upload.sizeBytes ?? 0;
  const percent = size === 0 ? 0 : (100 * upload.sentBytes) / size;
  const parts = [`${percent.toFixed(1)} % of ${formatBytes(size)}`];
  if (upload.bytesPerSecond !== null) parts.push(`${formatBytes(upload.bytesPerSecond)}/s`);
  if (upload.etaSeconds !== null) parts.push(`${formatSeconds(upload.etaSeconds)} left`);
  return parts.join(', ');
}

const WAITING: Record<WaitingReason, string> = {
  store: 'waiting for the storage to respond',
  disk: 'waiting for disk space',
  worker: 'waiting for a worker',
};

/** `encoding 42 %, 1m10s left, playable` */
export function formatVideo(video: VideoProgress): string {
  const percent = video.status === 'transcoding' ? ` ${Math.floor(video.progress)} %` : '';
  const parts = [`${video.phase ?? video.status}${percent}`];
  if (video.waitingFor !== null) parts.push(WAITING[video.waitingFor]);
  if (video.etaSeconds !== null) parts.push(`${formatSeconds(video.etaSeconds)} left`);
  if (video.playable && video.status === 'transcoding') parts.push('playable');
  return parts.join(', ');
}

/** Returns the line of a video in a list. */
export function formatVideoRow(video: Video): string {
  const messages = [...(video.error === null ? [] : [video.error]), ...video.notices];
  const reasons = messages.map(({ message }) => ` (${printable(message)})`).join('');
  const state = formatVideo(serializeProgress(video));
  return `${String(video.id).padStart(6)}  ${printable(video.title)}  ${state}${reasons}`;
}
