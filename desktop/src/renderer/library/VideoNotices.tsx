import { Alert } from '@mantine/core';
import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { IconInfoCircle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { formatNotice } from './formatNotice.ts';

/** What a video is not as its owner may expect; nothing where there is nothing. */
export function VideoNotices({ notices }: Pick<Video, 'notices'>) {
  const { t } = useTranslation('library');
  return notices.map((notice) => (
    <Alert key={notice.code} variant="light" color="yellow" icon={<IconInfoCircle aria-hidden />}>
      {formatNotice(notice, t)}
    </Alert>
  ));
}
