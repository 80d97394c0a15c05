import { Button, Group, Modal, Text } from '@mantine/core';
import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { useTranslation } from 'react-i18next';
import { notifyDone } from '../feedback/notify.tsx';
import { useAction } from '../feedback/useAction.ts';
import type { VideoStore } from './videoStore.ts';

interface RenewLinkDialogProps {
  store: VideoStore;
  video: Video;
  opened: boolean;
  onClose: () => void;
}

/** Asks before the links to a video are revoked. */
export function RenewLinkDialog({ store, video, opened, onClose }: RenewLinkDialogProps) {
  const { t } = useTranslation('library');
  const { title, visibility } = video;
  const renew = useAction(async () => {
    await store.getState().renewLink();
    onClose();
    notifyDone(t(visibility === 'unlisted' ? 'link.copied' : 'link.revoked'));
  });
  return (
    <Modal opened={opened} onClose={onClose} withCloseButton={false} title={t('link.title')}>
      <Text size="sm">{t('link.body', { title })}</Text>
      <Group justify="flex-end" mt="lg" gap="sm">
        <Button variant="default" onClick={onClose} data-autofocus>
          {t('link.keep')}
        </Button>
        <Button color="red" loading={renew.pending} onClick={() => renew.run()}>
          {t('link.confirm')}
        </Button>
      </Group>
    </Modal>
  );
}
