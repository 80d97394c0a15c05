import { ActionIcon, Button, Menu, Tooltip } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { IconDotsVertical, IconExternalLink, IconLink, IconTrash } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { notifyDone } from '../feedback/notify.tsx';
import { useAction } from '../feedback/useAction.ts';
import { call } from '../ipc/bridge.ts';
import { DeleteDialog } from './DeleteDialog.tsx';
import type { VideoStore } from './videoStore.ts';

const ICON = { size: 18, stroke: 1.75 } as const;

/** What can be done with a video, beside its title. */
export function VideoActions({ store, video }: { store: VideoStore; video: Video }) {
  const { t } = useTranslation('library');
  const [deleting, dialog] = useDisclosure(false);
  const copy = useAction(async () => {
    const madeUnlisted = await store.getState().copyLink();
    notifyDone(t(madeUnlisted ? 'share.madeUnlisted' : 'share.copied'));
  });
  const open = useAction(() => call('app.openLink', { url: video.watch_url }));
  return (
    <>
      <Tooltip
        label={t('share.note')}
        disabled={video.visibility !== 'private'}
        multiline
        w={260}
        events={{ hover: true, focus: true, touch: false }}
      >
        <Button
          leftSection={<IconLink {...ICON} aria-hidden />}
          loading={copy.pending}
          onClick={() => copy.run()}
        >
          {t('share.copy')}
        </Button>
      </Tooltip>
      <Menu position="bottom-end" width={220}>
        <Menu.Target>
          <ActionIcon variant="default" size="lg" aria-label={t('action.more')}>
            <IconDotsVertical {...ICON} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconExternalLink {...ICON} />} onClick={() => open.run()}>
            {t('share.open')}
          </Menu.Item>
          <Menu.Item
            c="var(--mantine-color-error)"
            leftSection={<IconTrash {...ICON} />}
            onClick={dialog.open}
          >
            {t('action.delete')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <DeleteDialog store={store} video={video} opened={deleting} onClose={dialog.close} />
    </>
  );
}
