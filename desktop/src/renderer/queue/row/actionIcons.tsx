import {
  type Icon,
  IconArrowBarToUp,
  IconArrowDown,
  IconArrowUp,
  IconFileSearch,
  IconFolderOpen,
  IconPencil,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerPlayFilled,
  IconPlaylistX,
  IconRefresh,
  IconUpload,
  IconVideo,
  IconX,
} from '@tabler/icons-react';
import type { RowAction } from '../model/rowActions.ts';

const ICONS: Record<RowAction, Icon> = {
  watch: IconPlayerPlayFilled,
  showExisting: IconVideo,
  pause: IconPlayerPause,
  resume: IconPlayerPlay,
  cancel: IconX,
  retry: IconRefresh,
  checkAgain: IconRefresh,
  uploadAnew: IconUpload,
  uploadAnyway: IconUpload,
  locate: IconFileSearch,
  rename: IconPencil,
  showInFolder: IconFolderOpen,
  moveToTop: IconArrowBarToUp,
  moveUp: IconArrowUp,
  moveDown: IconArrowDown,
  remove: IconPlaylistX,
};

export function ActionSymbol({ action, size = 18 }: { action: RowAction; size?: number }) {
  const Drawing = ICONS[action];
  return <Drawing size={size} stroke={1.75} aria-hidden />;
}
