import { Button, CloseButton } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { cancelRows, pauseRows, removeRows, resumeRows, retryRows, rowsOf } from '../model/commands.ts';
import { queueStore, useQueue } from '../model/queueStore.ts';
import { canCancel, canPause, canRetry } from '../model/rowActions.ts';
import { clearSelected } from '../model/selection.ts';
import { ActionSymbol } from '../row/actionIcons.tsx';
import classes from './SelectionBar.module.css';

/** What can be done with several rows at once; a single one has its own buttons. */
export function SelectionBar() {
  const count = useQueue((state) => state.selection.ids.size);
  return count > 1 ? <SelectionActions count={count} /> : null;
}

function SelectionActions({ count }: { count: number }) {
  const { t } = useTranslation('queue');
  const ids = useQueue((state) => state.selection.ids);
  // what is possible changes with the rows
  useQueue((state) => state.revision);
  const rows = rowsOf(ids);
  const button = (action: 'pause' | 'resume' | 'retry' | 'cancel' | 'remove', run: () => void): ReactNode => (
    <Button
      size="xs"
      variant="subtle"
      color="gray"
      leftSection={<ActionSymbol action={action} size={16} />}
      onClick={run}
    >
      {t(`selection.${action}`)}
    </Button>
  );
  return (
    <div role="toolbar" aria-label={t('selection.label')} className={classes.bar}>
      <span className={classes.count}>{t('selection.count', { count })}</span>
      {rows.some(canPause) ? button('pause', () => pauseRows(rows)) : null}
      {rows.some(({ state }) => state === 'paused') ? button('resume', () => resumeRows(rows)) : null}
      {rows.some(canRetry) ? button('retry', () => retryRows(rows)) : null}
      {rows.some(canCancel) ? button('cancel', () => cancelRows(rows)) : null}
      {button('remove', () => removeRows(rows))}
      <CloseButton
        className={classes.close ?? ''}
        aria-label={t('selection.clear')}
        title={t('selection.clear')}
        onClick={() => queueStore.getState().select(clearSelected)}
      />
    </div>
  );
}
