import { Button, Group, Text } from '@mantine/core';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import type { UpdateState } from '../../contracts/desktop.ts';
import { useAction } from '../feedback/useAction.ts';
import { call } from '../ipc/bridge.ts';
import { Mark } from '../ui/Mark.tsx';
import { checkForUpdate, useAppInfo, useUpdate } from './appInfoStore.ts';
import { Section } from './Section.tsx';
import classes from './Settings.module.css';

/** Which version this is, and whether there is a newer one. */
export function AboutSettings() {
  const { t } = useTranslation('settings');
  const { version } = useAppInfo();
  const update = useUpdate();
  return (
    <Section title={t('about.title')}>
      <div className={classes.row}>
        <Group wrap="nowrap" gap="md">
          <Mark size={40} />
          <div>
            <Text fw={550}>Reelmill</Text>
            <Text size="sm" c="dimmed">
              {t('about.version', { version })}
            </Text>
            <Text size="sm" c={isTrouble(update) ? 'red' : 'dimmed'} role="status">
              {formatUpdate(update, t)}
            </Text>
          </div>
        </Group>
        <UpdateButton status={update.status} />
      </div>
    </Section>
  );
}

function UpdateButton({ status }: { status: UpdateState['status'] }) {
  const { t } = useTranslation('settings');
  const check = useAction(() => checkForUpdate());
  const install = useAction(() => call('updates.install'));
  if (status === 'off') return null;
  if (status === 'ready') {
    return (
      <Button className={classes.control ?? ''} loading={install.pending} onClick={() => void install.run()}>
        {t('about.install')}
      </Button>
    );
  }
  return (
    <Button
      className={classes.control ?? ''}
      variant="default"
      loading={check.pending || status === 'checking'}
      disabled={status === 'downloading'}
      onClick={() => void check.run()}
    >
      {t('about.check')}
    </Button>
  );
}

function isTrouble({ status }: UpdateState): boolean {
  return status === 'failed' || status === 'refused';
}

function formatUpdate({ status, version }: UpdateState, t: TFunction<'settings'>): string {
  if (status === 'downloading') {
    return version === null ? t('about.downloadingUnknown') : t('about.downloading', { version });
  }
  if (status === 'available') return t('about.available', { version: version ?? '' });
  if (status === 'ready') return version === null ? t('about.readyUnknown') : t('about.ready', { version });
  return t(`about.${status}`);
}
