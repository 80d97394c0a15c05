import { useTranslation } from 'react-i18next';
import { Page } from '../ui/Page.tsx';
import { AboutSettings } from './AboutSettings.tsx';
import { AccountSettings } from './AccountSettings.tsx';
import { GeneralSettings } from './GeneralSettings.tsx';
import { UploadSettings } from './UploadSettings.tsx';
import { WatchFolderSettings } from './WatchFolderSettings.tsx';

/** The settings; every change is saved at once. */
export function SettingsView() {
  const { t } = useTranslation('settings');
  return (
    <Page title={t('title')} width="column">
      <UploadSettings />
      <WatchFolderSettings />
      <GeneralSettings />
      <AccountSettings />
      <AboutSettings />
    </Page>
  );
}
