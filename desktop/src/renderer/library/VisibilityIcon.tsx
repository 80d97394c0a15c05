import type { Visibility } from '@reelmill/shared/contracts/videos.ts';
import { IconLink, IconLock, type IconProps, IconWorld } from '@tabler/icons-react';
import type { ComponentType } from 'react';

const ICONS: Record<Visibility, ComponentType<IconProps>> = {
  private: IconLock,
  unlisted: IconLink,
  public: IconWorld,
};

/** Who can watch, as a symbol; its meaning stands beside it. */
export function VisibilityIcon({ visibility, size = 16 }: { visibility: Visibility; size?: number }) {
  const Icon = ICONS[visibility];
  return <Icon size={size} stroke={1.75} aria-hidden />;
}
