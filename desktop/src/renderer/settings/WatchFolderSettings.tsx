import { Button, Switch, Text } from '@mantine/core';
import { IconFolder } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useAction } from '../feedback/useAction.ts';
import { SWITCH_ROW } from './rows.ts';
import { Section } from './Section.tsx';
import classes from './Settings.module.css';
import { pickWatchFolder, settingsStore, updateSettings, useSettings } from './settingsStore.ts';
import { useWatchStatus } from './watchFolderStore.ts';

/** The folder whose new files are uploaded automatically. */
export function WatchFolderSettings() {
  const { t } = useTranslation('settings');
  const { enabled, path } = useSettings((settings) => settings.watchFolder);
  const choose = useAction(() => pickWatchFolder());
  const turn = useAction(switchWatching);
  return (
    <Section title={t('watch.title')}>
      <Switch
        {...SWITCH_ROW}
        label={t('watch.enabled')}
        description={t('watch.enabledHint')}
        checked={enabled}
        onChange={(event) => void turn.run(event.currentTarget.checked)}
      />
      <div className={classes.row}>
        <Text className={classes.label ?? ''}>{t('watch.folder')}</Text>
        <div className={classes.hint}>
          <Text size="sm" c="dimmed" className={classes.path ?? ''}>
            {path ?? t('watch.none')}
          </Text>
          <WatchStatus />
        </div>
        <Button
          className={classes.control ?? ''}
          variant="default"
          leftSection={<IconFolder size={18} stroke={1.75} aria-hidden="true" />}
          aria-label={t('watch.chooseLabel')}
          loading={choose.pending}
          onClick={() => void choose.run()}
        >
          {t('watch.choose')}
        </Button>
      </div>
    </Section>
  );
}

/** Whether the folder is being watched. */
function WatchStatus() {
  const { t } = useTranslation('settings');
  const status = useWatchStatus();
  const isTrouble = status === 'missing' || status === 'unreadable';
  return (
    <Text size="sm" c={isTrouble ? 'red' : 'dimmed'} role="status">
      {status === 'off' ? null : t(`watch.status.${status}`)}
    </Text>
  );
}

/** Switches watching on or off; without a folder, lets the user choose one first. */
async function switchWatching(enabled: boolean): Promise<void> {
  if (enabled && settingsStore.getState().settings.watchFolder.path === null) await pickWatchFolder();
  const { path } = settingsStore.getState().settings.watchFolder;
  if (!enabled || path !== null) await updateSettings({ watchFolder: { enabled, path } });
}
