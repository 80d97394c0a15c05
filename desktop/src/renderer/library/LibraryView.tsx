import { useTranslation } from 'react-i18next';
import { Page } from '../layout/Page.tsx';

export function LibraryView() {
  const { t } = useTranslation();
  return <Page title={t('navigation.library')}>{null}</Page>;
}
