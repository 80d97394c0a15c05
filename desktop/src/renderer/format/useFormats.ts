import { useTranslation } from 'react-i18next';
import { type Formats, formatsOf } from './format.ts';

/** Quantities and moments as text in the language that is shown. */
export function useFormats(): Formats {
  const { i18n } = useTranslation();
  return formatsOf(i18n.language === 'zh-CN' ? 'zh-CN' : 'en');
}
