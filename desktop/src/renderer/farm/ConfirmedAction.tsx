import { Button, type ButtonProps, Group, Modal, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import { useAction } from '../feedback/useAction.ts';

interface ConfirmedActionProps {
  /** Of the button. */
  label: string;
  /** What the button is called where its label alone does not say enough. */
  accessibleName?: string;
  icon?: ButtonProps['leftSection'];
  /** What is asked. */
  title: string;
  body: string;
  confirmLabel: string;
  /** By default that of the theme. */
  confirmProps?: Pick<ButtonProps, 'color'>;
  action(): Promise<void>;
}

/** A button whose action is confirmed first. The dialog closes once the action has succeeded. */
export function ConfirmedAction({ label, accessibleName, icon, action, ...dialog }: ConfirmedActionProps) {
  const { t } = useTranslation('common');
  const [opened, { open, close }] = useDisclosure(false);
  const confirmed = useAction(async () => {
    await action();
    close();
  });
  return (
    <>
      <Button variant="default" size="xs" leftSection={icon} aria-label={accessibleName} onClick={open}>
        {label}
      </Button>
      <Modal opened={opened} onClose={close} size="sm" withCloseButton={false} title={dialog.title}>
        <Text size="sm">{dialog.body}</Text>
        <Group justify="flex-end" mt="lg" gap="sm">
          <Button variant="default" onClick={close} data-autofocus>
            {t('action.cancel')}
          </Button>
          <Button {...dialog.confirmProps} loading={confirmed.pending} onClick={() => confirmed.run()}>
            {dialog.confirmLabel}
          </Button>
        </Group>
      </Modal>
    </>
  );
}
