import { Button, Group, Text, Title } from '@mantine/core';
import { IconCloudUpload } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { queueStore, useQueue } from '../model/queueStore.ts';
import { AddButtons } from './AddButtons.tsx';
import classes from './EmptyQueue.module.css';

/** Where nothing has been added yet: how to begin. */
export function EmptyQueue() {
  const { t } = useTranslation('queue');
  return (
    <div className={classes.invitation}>
      <IconCloudUpload size={44} stroke={1.25} className={classes.symbol} aria-hidden />
      <Title order={2}>{t('empty.title')}</Title>
      <Text c="dimmed" maw={420} ta="center">
        {t('empty.body')}
      </Text>
      <Group gap="sm" mt="md">
        <AddButtons />
      </Group>
    </div>
  );
}

interface NothingHereProps {
  icon?: ReactNode;
  title?: string;
  body?: string;
  action?: { label: string; run: () => void };
}

/** In place of the list where it has nothing to show; as it is, where the filter lets nothing through. */
export function NothingHere({ icon, title, body, action }: NothingHereProps) {
  const { t } = useTranslation('queue');
  const filter = useQueue((state) => state.filter);
  const showAll = { label: t('filter.showAll'), run: () => queueStore.getState().setFilter('all') };
  const { label, run } = action ?? showAll;
  return (
    <div className={classes.nothing}>
      {icon}
      <Text fw={550}>{title ?? (filter === 'all' ? '' : t(`filter.nothing.${filter}`))}</Text>
      {body === undefined ? null : <Text c="dimmed">{body}</Text>}
      <Button variant="subtle" size="compact-sm" onClick={run}>
        {label}
      </Button>
    </div>
  );
}
