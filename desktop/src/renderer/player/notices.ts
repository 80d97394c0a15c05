import type { Video } from '@reelmill/shared/contracts/videos.ts';
import type { TFunction } from 'i18next';
import { failureMessage } from '../feedback/errorMessage.ts';

export interface Notice {
  title: string;
  text: string;
}

/** Returns why a video cannot be watched; null where it can. */
export function noticeFor(
  { status, playback_url, error }: Pick<Video, 'status' | 'playback_url' | 'error'>,
  t: TFunction<'library'>,
): Notice | null {
  if (playback_url !== null) return null;
  switch (status) {
    case 'failed':
      return {
        title: t('notice.failed'),
        text: error === null ? t('failedUnknown') : failureMessage(error.code, error.message),
      };
    case 'canceled':
      return { title: t('notice.canceled'), text: t('notice.canceledBody') };
    case 'uploading':
      return { title: t('notice.uploading'), text: t('notice.uploadingBody') };
    default:
      return { title: t('notice.waiting'), text: t('notice.waitingBody') };
  }
}
