import { Alert, Button, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconMovie, IconMovieOff, IconSearchOff } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { errorMessage } from '../feedback/errorMessage.ts';
import { useAction } from '../feedback/useAction.ts';
import { openView } from '../navigation/navigationStore.ts';
import { libraryStore, useLibrary } from './libraryStore.ts';
import { EVERYTHING } from './query.ts';
import classes from './VideoList.module.css';

const ICON = { size: 44, stroke: 1.25, 'aria-hidden': true } as const;

interface MessageProps {
  icon: ReactNode;
  title: string;
  body: string;
  children?: ReactNode;
}

/** What stands where videos would be. */
export function Message({ icon, title, body, children }: MessageProps) {
  return (
    <div className={classes.message}>
      {icon}
      <Title order={2}>{title}</Title>
      <Text c="dimmed" maw={420}>
        {body}
      </Text>
      {children}
    </div>
  );
}

export function EmptyLibrary() {
  const { t } = useTranslation('library');
  return (
    <Message icon={<IconMovie {...ICON} />} title={t('empty.title')} body={t('empty.body')}>
      <Button mt="sm" onClick={() => openView('queue')}>
        {t('empty.upload')}
      </Button>
    </Message>
  );
}

export function NothingFound() {
  const { t } = useTranslation('library');
  const showAll = (): void => {
    const { search, status } = EVERYTHING;
    libraryStore.getState().setQuery({ search, status });
  };
  return (
    <Message icon={<IconSearchOff {...ICON} />} title={t('nothingFound.title')} body={t('nothingFound.body')}>
      <Button mt="sm" variant="default" onClick={showAll}>
        {t('nothingFound.clear')}
      </Button>
    </Message>
  );
}

export function LibraryFailed() {
  const { t } = useTranslation(['library', 'common']);
  const failure = useLibrary((state) => state.failure);
  return (
    <LoadFailed title={t('loadFailed')} failure={failure} retry={() => libraryStore.getState().refresh()} />
  );
}

interface LoadFailedProps {
  title: string;
  failure: unknown;
  retry: () => Promise<void>;
}

export function LoadFailed({ title, failure, retry }: LoadFailedProps) {
  const { t } = useTranslation();
  const again = useAction(retry);
  return (
    <Message icon={<IconMovieOff {...ICON} />} title={title} body={errorMessage(failure)}>
      <Button mt="sm" variant="default" loading={again.pending} onClick={() => again.run()}>
        {t('action.retry')}
      </Button>
    </Message>
  );
}

/** Above what there is, where nothing newer could be had. */
export function OutOfDate() {
  const { t } = useTranslation(['library', 'common']);
  const failure = useLibrary((state) => state.failure);
  const again = useAction(() => libraryStore.getState().refresh());
  return (
    <Alert
      className={classes.alert ?? ''}
      color="yellow"
      icon={<IconAlertTriangle size={20} stroke={1.75} />}
      title={t('outOfDate')}
    >
      {errorMessage(failure)}{' '}
      <Button size="compact-xs" variant="default" loading={again.pending} onClick={() => again.run()}>
        {t('common:action.retry')}
      </Button>
    </Alert>
  );
}
