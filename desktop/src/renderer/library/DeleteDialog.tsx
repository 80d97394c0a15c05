import { Button, Group, Modal, Text } from '@mantine/core';
import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { useTranslation } from 'react-i18next';
import { notifyDone } from '../feedback/notify.tsx';
import { useAction } from '../feedback/useAction.ts';
import { openView } from '../navigation/navigationStore.ts';
import type { VideoStore } from './videoStore.ts';

interface DeleteDialogProps {
  store: VideoStore;
  video: Video;
  opened: boolean;
  onClose: () => void;
}

/** Asks before a video is deleted, and leads back to the library afterwards. */
export function DeleteDialog({ store, video, opened, onClose }: DeleteDialogProps) {
  const { t } = useTranslation('library');
  const { title } = video;
  const remove = useAction(async () => {
    await store.getState().delete();
    openView('library');
    notifyDone(t('delete.done', { title }));
  });
  return (
    <Modal opened={opened} onClose={onClose} withCloseButton={false} title={t('delete.title')}>
      <Text size="sm">{t('delete.body', { title })}</Text>
      <Group justify="flex-end" mt="lg" gap="sm">
        <Button variant="default" onClick={onClose} data-autofocus>
          {t('delete.keep')}
        </Button>
        <Button color="red" loading={remove.pending} onClick={() => remove.run()}>
          {t('delete.confirm')}
        </Button>
      </Group>
    </Modal>
  );
}
