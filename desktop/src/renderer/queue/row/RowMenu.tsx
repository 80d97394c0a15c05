import { Menu } from '@mantine/core';
import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import { perform } from '../model/commands.ts';
import { nameOf } from '../model/formatRow.ts';
import { closeMenu, useInteraction } from '../model/interaction.ts';
import { useQueue } from '../model/queueStore.ts';
import { actionsFor, type RowAction } from '../model/rowActions.ts';
import { ActionSymbol } from './actionIcons.tsx';
import classes from './RowMenu.module.css';

/** After these a new group begins. */
const LAST_OF_GROUP: ReadonlySet<RowAction> = new Set(['showInFolder', 'moveDown']);

/** One menu for all rows, opened at a row's button or at the pointer. */
export function RowMenu() {
  const { t } = useTranslation('queue');
  const menu = useInteraction((state) => state.menu);
  const row = useQueue((state) => (menu === null ? undefined : state.rows.get(menu.id)));
  if (menu === null || row === undefined) return null;
  const { menu: actions } = actionsFor(row);
  const name = t('actionFor', { action: t('action.more'), name: nameOf(row) });
  return (
    <Menu
      opened
      position="bottom-end"
      width={220}
      returnFocus={false}
      withInitialFocusPlaceholder={false}
      onClose={closeMenu}
      transitionProps={{ duration: 0 }}
    >
      <Menu.Target>
        {/* not a control: it positions and names the menu */}
        <button
          type="button"
          tabIndex={-1}
          aria-label={name}
          className={classes.anchor}
          style={{ left: menu.x, top: menu.y }}
        />
      </Menu.Target>
      <Menu.Dropdown>
        {actions.map((action, index) => (
          <Fragment key={action}>
            <Menu.Item
              leftSection={<ActionSymbol action={action} size={16} />}
              onClick={() => perform(action, row)}
            >
              {t(`action.${action}`)}
            </Menu.Item>
            {LAST_OF_GROUP.has(action) && index < actions.length - 1 ? <Menu.Divider /> : null}
          </Fragment>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
