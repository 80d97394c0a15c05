import { useDraggable } from '@dnd-kit/core';
import { IconGripVertical } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { UploadSnapshot } from '../../../contracts/desktop.ts';
import { canMoveInQueue } from '../model/rowActions.ts';
import classes from './DragHandle.module.css';

/** Where a row is picked up with the pointer; with the keyboard Alt and the arrows do the same. */
export function DragHandle({ row }: { row: UploadSnapshot }) {
  const { t } = useTranslation('queue');
  const disabled = !canMoveInQueue(row);
  const { setNodeRef, listeners, isDragging } = useDraggable({ id: row.id, disabled });
  return (
    <div
      ref={setNodeRef}
      className={classes.handle}
      data-dragging={isDragging || undefined}
      data-disabled={disabled || undefined}
      data-hint={disabled ? undefined : t('order.drag')}
      aria-hidden
      {...listeners}
    >
      {disabled ? null : <IconGripVertical size={16} stroke={1.75} />}
    </div>
  );
}
