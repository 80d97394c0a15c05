import {
  type Announcements,
  DndContext,
  type DragEndEvent,
  DragOverlay,
  type DragStartEvent,
  type Modifier,
  PointerSensor,
  useSensor,
  useSensors,
} from '@dnd-kit/core';
import type { Virtualizer } from '@tanstack/react-virtual';
import { type ReactNode, type RefObject, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import { useTranslation } from 'react-i18next';
import { moveRow } from '../model/commands.ts';
import type { QueueText } from '../model/formatRow.ts';
import { nameOf } from '../model/formatRow.ts';
import { queueStore } from '../model/queueStore.ts';
import classes from './DragLayer.module.css';
import { type DropPlace, dropPlaceAt } from './dropPlace.ts';

export interface DragLayerProps {
  virtualizer: Virtualizer<HTMLDivElement, HTMLDivElement>;
  scroller: RefObject<HTMLDivElement | null>;
  /** Set while a row is dragged, so that it stays drawn. */
  dragged: RefObject<string | null>;
  children: ReactNode;
}

const onlyVertically: Modifier = ({ transform }) => ({ ...transform, x: 0 });

/**
 * Lets rows be dragged to another place. Where a row would come to lie follows from the pointer and the layout of the
 * list; rows that register as targets would all be drawn again whenever another one is scrolled into sight.
 */
export function DragLayer({ virtualizer, scroller, dragged, children }: DragLayerProps) {
  const { t } = useTranslation('queue');
  const sensors = useSensors(useSensor(PointerSensor, { activationConstraint: { distance: 5 } }));
  const [name, setName] = useState('');
  const [place, setPlace] = useState<DropPlace | null>(null);
  /** Where in the list the pointer took the row. */
  const takenAt = useRef(0);

  const begin = ({ active, activatorEvent }: DragStartEvent): void => {
    dragged.current = String(active.id);
    takenAt.current = pointerIn(scroller.current, activatorEvent);
    setName(nameFor(dragged.current));
  };
  const placeAt = (pointerY: number): DropPlace | null => {
    const over = virtualizer.getVirtualItemForOffset(pointerY);
    const from = dragged.current === null ? -1 : queueStore.getState().visible.indexOf(dragged.current);
    return over === undefined || from < 0 ? null : dropPlaceAt(pointerY, over, from);
  };
  const end = (): void => {
    dragged.current = null;
    setPlace(null);
    setName('');
  };
  const drop = ({ delta }: DragEndEvent): void => {
    const id = dragged.current;
    // not where the line is: rows may have come or gone since it was drawn
    const target = placeAt(takenAt.current + delta.y);
    if (id !== null && target !== null) moveRow(id, target.index);
    end();
  };

  return (
    <DndContext
      sensors={sensors}
      modifiers={[onlyVertically]}
      accessibility={{ announcements: announcementsIn(t), screenReaderInstructions: { draggable: '' } }}
      onDragStart={begin}
      onDragMove={({ delta }) => setPlace(placeAt(takenAt.current + delta.y))}
      onDragEnd={drop}
      onDragCancel={end}
    >
      {children}
      {place === null ? null : <div className={classes.dropLine} style={{ top: place.lineAt }} />}
      {createPortal(
        <DragOverlay dropAnimation={null}>
          {name === '' ? null : <div className={classes.lifted}>{name}</div>}
        </DragOverlay>,
        document.body,
      )}
    </DndContext>
  );
}

function announcementsIn(t: QueueText): Announcements {
  return {
    onDragStart: ({ active }) => t('order.lifted', { name: nameFor(String(active.id)) }),
    onDragOver: () => undefined,
    // `moveRow` announces the new position
    onDragEnd: () => undefined,
    onDragCancel: ({ active }) => t('order.stays', { name: nameFor(String(active.id)) }),
  };
}

function nameFor(id: string): string {
  const row = queueStore.getState().rows.get(id);
  return row === undefined ? '' : nameOf(row);
}

/** The height in the list, in pixels from its top, at which the pointer was. */
function pointerIn(scroller: HTMLElement | null, event: Event): number {
  if (scroller === null || !(event instanceof PointerEvent)) return 0;
  return event.clientY - scroller.getBoundingClientRect().top + scroller.scrollTop;
}
