import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { UploadSnapshot } from '../../contracts/desktop.ts';
import { useFormats } from '../format/useFormats.ts';
import { cancelNow, removeNow, rowsOf } from './model/commands.ts';
import { type Confirmation, requestConfirmation, useInteraction } from './model/interaction.ts';
import { canCancel } from './model/rowActions.ts';

/** Asks for confirmation before uploaded or processed data is deleted. */
export function ConfirmDialog() {
  const { t } = useTranslation('queue');
  const confirmation = useInteraction((state) => state.confirmation);
  const shown = useLast(confirmation);
  const close = (): void => requestConfirmation(null);
  return (
    <Modal
      opened={confirmation !== null}
      onClose={close}
      withCloseButton={false}
      size="sm"
      title={shown === null ? '' : titleOf(shown)}
    >
      {shown === null ? null : <ConfirmationBody confirmation={shown} close={close} />}
    </Modal>
  );

  function titleOf({ kind, ids }: Confirmation): string {
    return kind === 'cancel'
      ? t('cancel.title', { count: ids.length })
      : t('removal.title', { count: ids.length });
  }
}

function ConfirmationBody({ confirmation, close }: { confirmation: Confirmation; close: () => void }) {
  const { t } = useTranslation('queue');
  const { kind, ids } = confirmation;
  const confirm = (): void => {
    // the present rows: some may have finished while the dialog was open
    if (kind === 'cancel') cancelNow(rowsOf(ids));
    else removeNow(rowsOf(ids));
    close();
  };
  const prefix = kind === 'cancel' ? 'cancel' : 'removal';
  return (
    <>
      <Losses rows={rowsOf(ids).filter(canCancel)} isRemoval={kind === 'remove'} />
      <Group justify="flex-end" mt="lg" gap="sm">
        <Button variant="default" onClick={close} data-autofocus>
          {t(`${prefix}.keep`)}
        </Button>
        <Button color="red" onClick={confirm}>
          {kind === 'cancel' ? t('cancel.confirm', { count: ids.length }) : t('removal.confirm')}
        </Button>
      </Group>
    </>
  );
}

function Losses({ rows, isRemoval }: { rows: UploadSnapshot[]; isRemoval: boolean }) {
  const { t } = useTranslation('queue');
  const { bytes } = useFormats();
  const processing = rows.filter(({ state }) => state === 'processing').length;
  const sent = rows.reduce((sum, row) => sum + (row.state === 'processing' ? 0 : row.sentBytes), 0);
  return (
    <Stack gap={6} fz="sm">
      {isRemoval ? <Text inherit>{t('removal.body')}</Text> : null}
      {sent > 0 ? <Text inherit>{t('cancel.sentSize', { size: bytes(sent) })}</Text> : null}
      {processing > 0 ? <Text inherit>{t('cancel.processing', { count: processing })}</Text> : null}
      <Text inherit c="dimmed">
        {t('cancel.fileStays')}
      </Text>
    </Stack>
  );
}

/** Returns the last confirmation, which is still visible while the dialog fades out. */
function useLast(confirmation: Confirmation | null): Confirmation | null {
  const [last, setLast] = useState(confirmation);
  if (confirmation !== null && confirmation !== last) setLast(confirmation);
  return confirmation ?? last;
}
