import { Loader } from '@mantine/core';
import { IconAlertCircle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Page } from '../ui/Page.tsx';
import { AddButtons } from './add/AddButtons.tsx';
import { EmptyQueue, NothingHere } from './add/EmptyQueue.tsx';
import { ConfirmDialog } from './ConfirmDialog.tsx';
import { QueueGrid } from './grid/QueueGrid.tsx';
import { useInteraction } from './model/interaction.ts';
import { loadQueue, useQueue } from './model/queueStore.ts';
import classes from './QueueView.module.css';
import { RowMenu } from './row/RowMenu.tsx';
import { QueueSummary } from './toolbar/QueueSummary.tsx';
import { QueueToolbar } from './toolbar/QueueToolbar.tsx';
import { SelectionBar } from './toolbar/SelectionBar.tsx';

/** All uploads of this computer: what they do, and what can be done with them. */
export function QueueView() {
  const { t } = useTranslation('queue');
  const hasRows = useQueue((state) => state.status === 'ready' && state.counts.all > 0);
  const toolbar = hasRows ? (
    <div className={classes.toolbar}>
      <QueueSummary />
      <QueueToolbar />
    </div>
  ) : undefined;
  return (
    <Page title={t('title')} actions={hasRows ? <AddButtons /> : null} toolbar={toolbar} scroll="content">
      <QueueContent />
      <RowMenu />
      <ConfirmDialog />
      <Announcer />
    </Page>
  );
}

function QueueContent() {
  const { t } = useTranslation('queue');
  const status = useQueue((state) => state.status);
  const isEmpty = useQueue((state) => state.counts.all === 0);
  const showsNothing = useQueue((state) => state.visible.length === 0);
  if (status === 'loading') {
    return (
      <div role="status" className={classes.center}>
        <Loader size="sm" aria-hidden />
        <span className="visually-hidden">{t('loading')}</span>
      </div>
    );
  }
  if (status === 'failed') return <LoadFailed />;
  if (isEmpty) return <EmptyQueue />;
  return (
    <>
      {showsNothing ? <NothingHere /> : <QueueGrid />}
      <SelectionBar />
    </>
  );
}

function LoadFailed() {
  const { t } = useTranslation('queue');
  return (
    <NothingHere
      icon={<IconAlertCircle size={32} stroke={1.5} aria-hidden />}
      title={t('loadFailed.title')}
      body={t('loadFailed.body')}
      action={{ label: t('loadFailed.retry'), run: () => void loadQueue() }}
    />
  );
}

function Announcer() {
  const announcement = useInteraction((state) => state.announcement);
  return (
    <div role="status" className="visually-hidden">
      {announcement}
    </div>
  );
}
