import { ActionIcon, Skeleton, Tooltip } from '@mantine/core';
import { IconArrowLeft, IconMovieOff } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { openView } from '../navigation/navigationStore.ts';
import { usePolling } from '../polling/usePolling.ts';
import { Page } from '../ui/Page.tsx';
import { LoadFailed, Message } from './emptyStates.tsx';
import { VideoActions } from './VideoActions.tsx';
import classes from './VideoDetail.module.css';
import { VideoDetail } from './VideoDetail.tsx';
import { createVideoStore, isChanging } from './videoStore.ts';

const CHANGING_MS = 2_000;
const CALM_MS = 60_000;

/** One video: its player, what is known of it, and what can be done with it. */
export function VideoView({ videoId }: { videoId: number }) {
  const { t } = useTranslation('library');
  const [store] = useState(() => createVideoStore(videoId));
  const { video, qualities, failure, gone, load } = useStore(store);
  const changing = useStore(store, isChanging);
  usePolling(() => (gone ? Promise.resolve() : load()), changing ? CHANGING_MS : CALM_MS);

  if (gone) {
    return (
      <Page title={t('title')} before={<BackButton />}>
        <Message
          icon={<IconMovieOff size={44} stroke={1.25} aria-hidden />}
          title={t('detail.gone.title')}
          body={t('detail.gone.body')}
        />
      </Page>
    );
  }
  if (video === null) {
    return (
      <Page title={t('title')} before={<BackButton />}>
        {failure === null ? (
          <DetailSkeleton />
        ) : (
          <LoadFailed title={t('detail.loadFailed')} failure={failure} retry={load} />
        )}
      </Page>
    );
  }
  return (
    <Page
      title={<span title={video.title}>{video.title}</span>}
      before={<BackButton />}
      actions={<VideoActions store={store} video={video} />}
    >
      <VideoDetail store={store} video={video} qualities={qualities} />
    </Page>
  );
}

function BackButton() {
  const { t } = useTranslation('library');
  return (
    <Tooltip label={t('detail.back')}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label={t('detail.back')}
        onClick={() => openView('library')}
      >
        <IconArrowLeft size={20} stroke={1.75} />
      </ActionIcon>
    </Tooltip>
  );
}

function DetailSkeleton() {
  const { t } = useTranslation('library');
  return (
    <div className={classes.frame} role="status" aria-label={t('detail.loading')}>
      <div className={classes.columns}>
        <Skeleton className={classes.stage ?? ''} />
        <Skeleton height={180} />
      </div>
    </div>
  );
}
