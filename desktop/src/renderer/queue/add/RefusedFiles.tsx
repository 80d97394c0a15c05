// biome-ignore-all lint/a11y/noRedundantRoles: without its markers a list is none to some screen readers
// biome-ignore-all lint/a11y/noNoninteractiveTabindex: what scrolls must be scrollable with the keyboard
// biome-ignore-all lint/a11y/useSemanticElements: this is no group of fields
import { Button, Group, Modal } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { RefusedFile } from '../../../contracts/desktop.ts';
import { failureMessage } from '../../feedback/errorMessage.ts';
import type { QueueText } from '../model/formatRow.ts';
import { dismissRefused, useAddState } from './addFiles.ts';
import classes from './RefusedFiles.module.css';

const LINE_HEIGHT = 52;

/** The files that were not added, each with its reason, until the user has seen them. */
export function RefusedFiles() {
  const { t } = useTranslation('queue');
  const refused = useAddState((state) => state.refused);
  const isOpen = refused.length > 0;
  return (
    <Modal
      opened={isOpen}
      onClose={dismissRefused}
      withCloseButton={false}
      title={t('intake.refusedTitle', { count: refused.length })}
      transitionProps={{ duration: 0 }}
    >
      {isOpen ? <RefusedList refused={refused} /> : null}
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={dismissRefused} data-autofocus>
          {t('intake.close')}
        </Button>
      </Group>
    </Modal>
  );
}

function RefusedList({ refused }: { refused: readonly RefusedFile[] }) {
  const { t } = useTranslation('queue');
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: refused.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_HEIGHT,
    overscan: 6,
  });
  return (
    <div
      ref={scroller}
      className={classes.scroller}
      tabIndex={0}
      role="group"
      aria-label={t('intake.refusedList')}
    >
      <ul role="list" className={classes.list} style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ index, start }) => {
          const file = refused[index];
          if (file === undefined) return null;
          const { folder, name } = splitPath(file.path);
          return (
            <li
              key={index}
              className={classes.file}
              style={{ transform: `translateY(${start}px)` }}
              aria-posinset={index + 1}
              aria-setsize={refused.length}
              title={file.path}
            >
              <span className={classes.name}>
                {name} <span className={classes.folder}>{folder}</span>
              </span>
              <span className={classes.reason}>{formatRefusal(file, t)}</span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function formatRefusal({ code, message, kind }: RefusedFile, t: QueueText): string {
  return kind === undefined ? failureMessage(code, message) : t(`intake.kind.${kind}`);
}

function splitPath(path: string): { folder: string; name: string } {
  const end = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'));
  return { folder: path.slice(0, Math.max(0, end)), name: path.slice(end + 1) || path };
}
