import { Paper, Title } from '@mantine/core';
import type { Video } from '@reelmill/shared/contracts/videos.ts';
import { useTranslation } from 'react-i18next';
import { Player } from '../player/Player.tsx';
import { LinkField } from './LinkField.tsx';
import { ProcessingPanel } from './ProcessingPanel.tsx';
import classes from './VideoDetail.module.css';
import { VideoFacts } from './VideoFacts.tsx';
import { VideoForm } from './VideoForm.tsx';
import { VideoNotices } from './VideoNotices.tsx';
import { VisibilityField } from './VisibilityField.tsx';
import type { VideoStore } from './videoStore.ts';

interface VideoDetailProps {
  store: VideoStore;
  video: Video;
  qualities: readonly string[];
}

export function VideoDetail({ store, video, qualities }: VideoDetailProps) {
  const { t } = useTranslation('library');
  return (
    <div className={classes.frame}>
      <div className={classes.columns}>
        <div className={classes.main}>
          <Player video={video} fetchPlaybackUrl={store.getState().fetchPlaybackUrl} />
          <ProcessingPanel store={store} video={video} />
          <VideoNotices notices={video.notices} />
        </div>
        <Paper component="section" withBorder p="md" className={classes.form ?? ''}>
          <Title order={2} mb="sm">
            {t('detail.edit')}
          </Title>
          <VideoForm store={store} video={video} />
        </Paper>
        <div className={classes.side}>
          <Paper component="section" withBorder p="md" aria-label={t('visibility.label')}>
            <VisibilityField store={store} visibility={video.visibility} />
            <LinkField store={store} video={video} />
          </Paper>
          <Paper component="section" withBorder p="md">
            <Title order={2} mb="sm">
              {t('detail.facts')}
            </Title>
            <VideoFacts video={video} qualities={qualities} />
          </Paper>
        </div>
      </div>
    </div>
  );
}
