import { Button } from '@mantine/core';
import { IconFilePlus, IconFolderPlus } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { pickVideos, useAddState } from './addFiles.ts';

/** The ways to add videos without dropping them. */
export function AddButtons() {
  const { t } = useTranslation('queue');
  const isPicking = useAddState((state) => state.isPicking);
  return (
    <>
      <Button
        variant="default"
        disabled={isPicking}
        leftSection={<IconFolderPlus size={18} stroke={1.75} aria-hidden />}
        onClick={() => void pickVideos('folder')}
      >
        {t('add.folder')}
      </Button>
      <Button
        loading={isPicking}
        leftSection={<IconFilePlus size={18} stroke={1.75} aria-hidden />}
        onClick={() => void pickVideos('files')}
      >
        {t('add.files')}
      </Button>
    </>
  );
}
