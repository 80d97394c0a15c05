import { Loader } from '@mantine/core';
import { IconCloudUpload } from '@tabler/icons-react';
import { useEffect } from 'react';
import { createPortal } from 'react-dom';
import { useTranslation } from 'react-i18next';
import { followAddedFiles, useAddState } from './addFiles.ts';
import classes from './DropOverlay.module.css';
import { RefusedFiles } from './RefusedFiles.tsx';
import { useFileDrop } from './useFileDrop.ts';

/** Accepts files and folders dropped anywhere on the window, and shows the results. */
export function DropOverlay() {
  const { t } = useTranslation('queue');
  const isOver = useFileDrop();
  useEffect(followAddedFiles, []);
  return (
    <>
      {isOver
        ? createPortal(
            <div className={classes.overlay}>
              <div className={classes.target}>
                <div className={classes.words}>
                  <IconCloudUpload size={56} stroke={1.25} aria-hidden />
                  <strong className={classes.title}>{t('drop.title')}</strong>
                  <span>{t('drop.body')}</span>
                </div>
              </div>
            </div>,
            document.body,
          )
        : null}
      <Searching />
      <RefusedFiles />
    </>
  );
}

/** Large folders take a while to be looked through. */
function Searching() {
  const { t } = useTranslation('queue');
  const isSearching = useAddState((state) => state.searching > 0);
  return (
    <div role="status" className={isSearching ? classes.searching : undefined}>
      {isSearching ? (
        <>
          <Loader size={14} aria-hidden />
          {t('drop.searching')}
        </>
      ) : null}
    </div>
  );
}
