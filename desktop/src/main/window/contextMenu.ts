import { Menu, type MenuItemConstructorOptions, type WebContents } from 'electron';
import type { Translate } from '../i18n/translate.ts';

/** Electron has no menu of its own for text: without this nobody could paste a server's address by mouse. */
export function offerTextMenu(contents: WebContents, translate: () => Translate): void {
  contents.on('context-menu', (_, { isEditable, selectionText, editFlags }) => {
    const t = translate();
    const copy: MenuItemConstructorOptions = {
      role: 'copy',
      label: t('menu.copy'),
      enabled: editFlags.canCopy,
    };
    const items: MenuItemConstructorOptions[] = isEditable
      ? [
          { role: 'cut', label: t('menu.cut'), enabled: editFlags.canCut },
          copy,
          { role: 'paste', label: t('menu.paste'), enabled: editFlags.canPaste },
          { type: 'separator' },
          { role: 'selectAll', label: t('menu.selectAll'), enabled: editFlags.canSelectAll },
        ]
      : selectionText.trim() === ''
        ? []
        : [copy];
    if (items.length > 0) Menu.buildFromTemplate(items).popup();
  });
}
