import { useNavigation } from '../navigation/navigationStore.ts';
import { VideoList } from './VideoList.tsx';
import { VideoView } from './VideoView.tsx';

/** The videos of the account, or one of them. */
export function LibraryView() {
  const { videoId } = useNavigation();
  return videoId === null ? <VideoList /> : <VideoView key={videoId} videoId={videoId} />;
}
