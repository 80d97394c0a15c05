// biome-ignore-all lint/a11y/useSemanticElements: a table cannot hold the rows of a virtual list
// biome-ignore-all lint/a11y/useFocusableInteractive: the row takes the focus, and what is in its cells
import { Badge, type MantineColor, Progress } from '@mantine/core';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import type { UploadSnapshot } from '../../../contracts/desktop.ts';
import { useFormats } from '../../format/useFormats.ts';
import { formatRow, formatState, nameOf, progressOf } from '../model/formatRow.ts';
import { useInteraction } from '../model/interaction.ts';
import { useQueue } from '../model/queueStore.ts';
import { DragHandle } from './DragHandle.tsx';
import { FailureNotice } from './FailureNotice.tsx';
import { RetryNotice } from './RetryNotice.tsx';
import { RowButtons } from './RowButtons.tsx';
import { TitleField } from './TitleField.tsx';
import { TitleLine } from './TitleLine.tsx';
import classes from './UploadRow.module.css';

export interface UploadRowProps {
  id: string;
  /** Among the visible rows. */
  index: number;
  /** Distance from the top of the list, and height, in pixels. */
  start: number;
  height: number;
}

/** One upload. It is rendered again only when this upload changes. */
export const UploadRow = memo(function UploadRow({ id, index, start, height }: UploadRowProps) {
  const { t } = useTranslation('queue');
  const row = useQueue((state) => state.rows.get(id));
  const isSelected = useQueue((state) => state.selection.ids.has(id));
  const isActive = useQueue((state) => (state.selection.active ?? state.visible[0]) === id);
  const isEdited = useInteraction((state) => state.editing === id);
  if (row === undefined) return null;
  const tabIndex = isActive ? 0 : -1;
  return (
    <div
      role="row"
      aria-rowindex={index + 1}
      aria-selected={isSelected}
      aria-label={t('rowLabel', { name: nameOf(row), state: formatState(row, t) })}
      tabIndex={tabIndex}
      data-id={id}
      className={classes.row}
      style={{ height, transform: `translateY(${start}px)` }}
    >
      <DragHandle row={row} />
      <div role="gridcell" className={classes.main}>
        {isEdited ? <TitleField row={row} /> : <TitleLine row={row} tabIndex={tabIndex} />}
        {row.failure === null ? (
          <RowState row={row} />
        ) : (
          <FailureNotice row={row} failure={row.failure} tabIndex={tabIndex} />
        )}
      </div>
      <div role="gridcell" className={classes.state}>
        <Badge color={colorOf(row)}>{formatState(row, t)}</Badge>
      </div>
      <div role="gridcell" className={classes.actions}>
        <RowButtons row={row} tabIndex={tabIndex} />
      </div>
    </div>
  );
});

function RowState({ row }: { row: UploadSnapshot }) {
  const { t } = useTranslation('queue');
  const formats = useFormats();
  return (
    <>
      <div className={classes.details}>
        {row.retrying === null ? formatRow(row, t, formats) : <RetryNotice row={row} />}
      </div>
      <RowProgress row={row} />
    </>
  );
}

function RowProgress({ row }: { row: UploadSnapshot }) {
  const { t } = useTranslation('queue');
  const formats = useFormats();
  const progress = progressOf(row);
  if (progress === null) return null;
  const { of, percent } = progress;
  return (
    <div className={classes.progress}>
      <Progress
        className={classes.bar}
        value={percent}
        size={4}
        radius="xl"
        color={row.state === 'paused' ? 'gray.5' : of === 'processing' ? 'green' : 'accent'}
        aria-label={t(`progress.${of}`, { name: nameOf(row) })}
      />
      <span className={classes.percent}>{formats.percent(percent)}</span>
    </div>
  );
}

function colorOf({ state, failure }: UploadSnapshot): MantineColor {
  if (failure?.code === 'duplicate') return 'yellow';
  if (state === 'failed') return 'red';
  if (state === 'online' || state === 'processing') return 'green';
  return state === 'uploading' || state === 'completing' ? 'accent' : 'gray';
}
