import { useTranslation } from 'react-i18next';
import { Page } from '../layout/Page.tsx';

export function SettingsView() {
  const { t } = useTranslation();
  return <Page title={t('navigation.settings')}>{null}</Page>;
}
