import type { Video } from '@reelmill/shared/contracts/videos.ts';
import type { TFunction } from 'i18next';
import { failureMessage } from '../feedback/errorMessage.ts';
import type { Formats } from '../format/format.ts';
import { shortNotices } from './formatNotice.ts';

type StateFacts = Pick<
  Video,
  'status' | 'phase' | 'progress' | 'eta_seconds' | 'error' | 'waiting' | 'notices'
>;

/** Returns the state of a video with its progress, the reason of its failure, or its notices. */
export function stateLabel(video: StateFacts, t: TFunction<'library'>, formats: Formats): string {
  if (video.status === 'transcoding') return formatProgress(video, t, formats);
  if (video.status !== 'failed') return [t(`state.${video.status}`), ...shortNotices(video, t)].join(' · ');
  if (video.error === null) return t('failedUnknown');
  return t('failedBecause', { reason: failureMessage(video.error.code, video.error.message) });
}

/** `Encoding · 42% · 3 min left`, or what it waits for in place of the phase. */
function formatProgress(
  { phase, progress, eta_seconds, waiting }: StateFacts,
  t: TFunction<'library'>,
  formats: Formats,
): string {
  const isWaiting = phase === null || phase === 'queued';
  const parts = [
    waiting === null ? t(`phase.${phase ?? 'queued'}`) : t(`waiting.${waiting.reason_code}`),
    isWaiting && progress === 0 ? '' : formats.percent(progress),
    eta_seconds === null ? '' : t('left', { time: formats.eta(eta_seconds) }),
  ];
  return parts.filter((part) => part !== '').join(' · ');
}
