import { Button, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { IconRefresh } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useFormats } from '../format/useFormats.ts';
import { RenewLinkDialog } from './RenewLinkDialog.tsx';
import type { VideoStore } from './videoStore.ts';

/** The link of a video that not everybody may watch: how long its old one works, and how all of them are revoked. */
export function LinkField({ store, video }: { store: VideoStore; video: Video }) {
  const { t } = useTranslation('library');
  const formats = useFormats();
  const [asking, dialog] = useDisclosure(false);
  if (video.visibility === 'public') return null;
  const { legacy_link_until: legacyUntil } = video;
  return (
    <>
      {legacyUntil !== null && (
        <Text size="sm" mt="md">
          {t('link.legacy', { date: formats.dateTime(legacyUntil) })}
        </Text>
      )}
      <Button
        mt="md"
        variant="default"
        leftSection={<IconRefresh size={18} stroke={1.75} aria-hidden />}
        onClick={dialog.open}
      >
        {t('link.renew')}
      </Button>
      <RenewLinkDialog store={store} video={video} opened={asking} onClose={dialog.close} />
    </>
  );
}
