import type { ErrorCode } from '@reelmill/shared/contracts/errors.ts';
import type { TFunction } from 'i18next';
import type { UploadFailure, UploadSnapshot, VideoProgress } from '../../../contracts/desktop.ts';
import type { Formats } from '../../format/format.ts';

export type QueueText = TFunction<'queue'>;

export function nameOf({ title, fileName }: UploadSnapshot): string {
  return title ?? fileName;
}

/** Returns the state for the badge of the row. */
export function formatState({ state, failure }: UploadSnapshot, t: QueueText): string {
  if (failure?.code === 'duplicate') return t('state.duplicate');
  if (failure?.stage === 'transcode') return t('state.processingFailed');
  return t(`state.${state}`);
}

/** Returns the details of a row: sizes, speed, time, phase, and the file name under a title. */
export function formatRow(row: UploadSnapshot, t: QueueText, formats: Formats): string {
  const { title, fileName } = row;
  return [...detailsOf(row, t, formats), title === null ? null : fileName]
    .filter((detail) => detail !== null)
    .join(' · ');
}

/** How far an upload or a transcode is, in percent; null where there is nothing to measure. */
export function progressOf(row: UploadSnapshot): { of: 'upload' | 'processing'; percent: number } | null {
  const { state, sizeBytes, sentBytes, video } = row;
  if (state === 'processing') return { of: 'processing', percent: video?.progress ?? 0 };
  if (state === 'completing') return { of: 'upload', percent: 100 };
  const isUnderWay = state === 'uploading' || sentBytes > 0;
  const isUpload =
    state === 'uploading' || state === 'paused' || state === 'waiting' || state === 'fingerprinting';
  if (!isUpload || !isUnderWay || !sizeBytes) return null;
  return { of: 'upload', percent: Math.min(100, (100 * sentBytes) / sizeBytes) };
}

/** Returns why a row failed; `reason` returns the text for an error. */
export function formatFailure(
  { stage, code, message, duplicateOf }: UploadFailure,
  t: QueueText,
  reason: (code: ErrorCode, message: string) => string,
): string {
  if (code === 'duplicate') {
    return duplicateOf === null
      ? t('failure.duplicateUnknown')
      : t('failure.duplicate', { title: duplicateOf.title });
  }
  const text = reason(code, message);
  return stage === 'follow' ? t('failure.follow', { reason: text }) : text;
}

/** Returns a short reason why a call is being retried. */
export function formatObstacle(code: ErrorCode, t: QueueText): string {
  if (code === 'network') return t('retrying.network');
  if (code === 'timeout' || code === 'stalled') return t('retrying.timeout');
  if (code === 'unavailable' || code === 'internal') return t('retrying.unavailable');
  if (code === 'rate_limited') return t('retrying.rate_limited');
  if (code === 'certificate_invalid') return t('retrying.certificate');
  if (code === 'signature_invalid') return t('retrying.storage');
  return t('retrying.other');
}

function detailsOf(row: UploadSnapshot, t: QueueText, formats: Formats): (string | null)[] {
  const { state, sizeBytes, sentBytes, keptBytes, video } = row;
  const size = sizeBytes === null ? null : formats.bytes(sizeBytes);
  const kept = keptBytes > 0 ? t('detail.kept', { size: formats.bytes(keptBytes) }) : null;
  switch (state) {
    case 'waiting':
      return [size, kept, formatRestart(row, t)];
    case 'fingerprinting':
      return [size, t('detail.fingerprinting'), kept];
    case 'uploading':
      return [...formatTransfer(row, t, formats), kept, formatRestart(row, t)];
    case 'completing':
      return [size, t('detail.completing')];
    case 'paused':
      return [
        sentBytes > 0 && size !== null ? t('detail.sent', { sent: formats.bytes(sentBytes), size }) : size,
      ];
    case 'processing':
      return video === null ? [size] : formatProcessing(video, t, formats);
    case 'online':
      return [size, t('detail.online')];
    case 'canceled':
      return [size, t('detail.canceled')];
    case 'failed':
      return [size];
  }
}

function formatTransfer(row: UploadSnapshot, t: QueueText, formats: Formats): (string | null)[] {
  const { sizeBytes, sentBytes, bytesPerSecond, etaSeconds } = row;
  const sent = formats.bytes(sentBytes);
  return [
    sizeBytes === null ? sent : t('detail.sent', { sent, size: formats.bytes(sizeBytes) }),
    bytesPerSecond === null ? null : formats.speed(bytesPerSecond),
    etaSeconds === null ? null : t('detail.left', { time: formats.eta(etaSeconds) }),
  ];
}

function formatProcessing(video: VideoProgress, t: QueueText, formats: Formats): (string | null)[] {
  const { waitingFor } = video;
  const phase = waitingFor === null ? t(`phase.${video.phase ?? 'queued'}`) : t(`waiting.${waitingFor}`);
  return [
    video.phase === 'encoding'
      ? t('phase.withPercent', { phase, percent: formats.percent(video.progress) })
      : phase,
    video.etaSeconds === null ? null : t('detail.left', { time: formats.eta(video.etaSeconds) }),
    video.playable ? t('detail.playable') : null,
  ];
}

function formatRestart({ restarts }: UploadSnapshot, t: QueueText): string | null {
  return restarts > 0 ? t('detail.restarted') : null;
}
