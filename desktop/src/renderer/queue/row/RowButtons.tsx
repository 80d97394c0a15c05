import { ActionIcon, Button } from '@mantine/core';
import { IconDotsVertical } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { UploadSnapshot } from '../../../contracts/desktop.ts';
import { perform } from '../model/commands.ts';
import { nameOf } from '../model/formatRow.ts';
import { openMenu, useInteraction } from '../model/interaction.ts';
import { actionsFor, type RowAction } from '../model/rowActions.ts';
import { ActionSymbol } from './actionIcons.tsx';
import classes from './RowButtons.module.css';

/** The actions at the end of a row, and the way to all others. */
export function RowButtons({ row, tabIndex }: { row: UploadSnapshot; tabIndex: number }) {
  const { t } = useTranslation('queue');
  const hasMenu = useInteraction((state) => state.menu?.id === row.id);
  const name = nameOf(row);
  return (
    <>
      {actionsFor(row).buttons.map((action) => (
        <RowButton key={action} action={action} row={row} tabIndex={tabIndex} />
      ))}
      <ActionIcon
        variant="subtle"
        color="gray"
        size={30}
        tabIndex={tabIndex}
        aria-haspopup="menu"
        aria-expanded={hasMenu}
        aria-label={t('actionFor', { action: t('action.more'), name })}
        data-hint={t('action.more')}
        onClick={(event) => {
          const { right, bottom } = event.currentTarget.getBoundingClientRect();
          openMenu(row.id, right, bottom);
        }}
      >
        <IconDotsVertical size={18} stroke={1.75} aria-hidden />
      </ActionIcon>
    </>
  );
}

interface RowButtonProps {
  action: RowAction;
  row: UploadSnapshot;
  tabIndex: number;
}

function RowButton({ action, row, tabIndex }: RowButtonProps) {
  const { t } = useTranslation('queue');
  const label = t(`action.${action}`);
  const shared = {
    tabIndex,
    'aria-label': t('actionFor', { action: label, name: nameOf(row) }),
    'data-hint': label,
    onClick: () => perform(action, row),
  };
  if (action === 'watch') {
    return (
      <Button
        {...shared}
        size="compact-sm"
        variant="light"
        className={classes.watch}
        leftSection={<ActionSymbol action={action} size={16} />}
      >
        <span className={classes.words}>{label}</span>
      </Button>
    );
  }
  return (
    <ActionIcon {...shared} variant="subtle" color="gray" size={30}>
      <ActionSymbol action={action} />
    </ActionIcon>
  );
}
