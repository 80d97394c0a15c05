import { useTranslation } from 'react-i18next';
import { Page } from '../layout/Page.tsx';

export function FarmView() {
  const { t } = useTranslation();
  return <Page title={t('navigation.farm')}>{null}</Page>;
}
