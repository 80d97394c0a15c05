import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import type { UploadSnapshot } from '@reelmill/shared/contracts/desktop.ts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormats } from '../format/useFormats.ts';
import { cancelNow, removeNow, rowsOf } from './model/commands.ts';
import { ask, type Question, useInteraction } from './model/interaction.ts';
import { canCancel } from './model/rowActions.ts';

/** Asks before something is deleted that took a while to send or to make. */
export function ConfirmDialog() {
  const { t } = useTranslation('queue');
  const question = useInteraction((state) => state.question);
  const shown = useLast(question);
  const close = (): void => ask(null);
  return (
    <Modal
      opened={question !== null}
      onClose={close}
      withCloseButton={false}
      size="sm"
      title={shown === null ? '' : titleOf(shown)}
    >
      {shown === null ? null : <QuestionBody question={shown} close={close} />}
    </Modal>
  );

  function titleOf({ kind, ids }: Question): string {
    return kind === 'cancel'
      ? t('cancel.title', { count: ids.length })
      : t('removal.title', { count: ids.length });
  }
}

function QuestionBody({ question, close }: { question: Question; close: () => void }) {
  const { t } = useTranslation('queue');
  const { kind, ids } = question;
  const answer = (): void => {
    // as they are now: some may have come to their end while the question was open
    if (kind === 'cancel') cancelNow(rowsOf(ids));
    else removeNow(rowsOf(ids));
    close();
  };
  const words = kind === 'cancel' ? 'cancel' : 'removal';
  return (
    <>
      <Losses rows={rowsOf(ids).filter(canCancel)} isRemoval={kind === 'remove'} />
      <Group justify="flex-end" mt="lg" gap="sm">
        <Button variant="default" onClick={close} data-autofocus>
          {t(`${words}.keep`)}
        </Button>
        <Button color="red" onClick={answer}>
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

/** The last question, which is still seen while the dialog fades. */
function useLast(question: Question | null): Question | null {
  const [last, setLast] = useState(question);
  if (question !== null && question !== last) setLast(question);
  return question ?? last;
}
