import { Button, Group, Modal, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useAction } from '../feedback/useAction.ts';
import { useQueue } from '../queue/model/queueStore.ts';
import { signOut } from './sessionStore.ts';

interface SignOutDialogProps {
  opened: boolean;
  onClose: () => void;
}

/** Asks for confirmation before signing out, and explains what happens to the uploads. */
export function SignOutDialog({ opened, onClose }: SignOutDialogProps) {
  const { t } = useTranslation('signIn');
  const { t: common } = useTranslation();
  const unfinished = useQueue((queue) => queue.counts.active);
  const leave = useAction(() => signOut());
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('out.title')}
      size="sm"
      closeButtonProps={{ 'aria-label': common('action.close') }}
    >
      <Text size="sm">
        {unfinished > 0 ? t('out.uploads', { count: unfinished }) : t('out.nothingRunning')}
      </Text>
      <Group justify="flex-end" mt="lg" gap="sm">
        <Button variant="default" onClick={onClose} data-autofocus>
          {t('out.stay')}
        </Button>
        <Button loading={leave.pending} onClick={() => void leave.run()}>
          {t('out.confirm')}
        </Button>
      </Group>
    </Modal>
  );
}
