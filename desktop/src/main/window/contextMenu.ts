import { Menu, type MenuItemConstructorOptions, type WebContents } from 'electron';
import type { Translate } from '../i18n/translate.ts';

/** Electron has no context menu of its own: without this a server address could not be pasted with the mouse. */
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
