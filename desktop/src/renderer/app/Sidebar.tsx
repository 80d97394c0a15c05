import { NavLink, Tooltip } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import {
  IconCloudUpload,
  IconLayoutGrid,
  type IconProps,
  IconServer2,
  IconSettings,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';
import { useTranslation } from 'react-i18next';
import type { View } from '../../contracts/desktop.ts';
import type { SignedIn } from '../account/sessionStore.ts';
import { useFormats } from '../format/useFormats.ts';
import { openView } from '../navigation/navigationStore.ts';
import { useQueue } from '../queue/model/queueStore.ts';
import { Mark } from '../ui/Mark.tsx';
import { AccountMenu } from './AccountMenu.tsx';
import classes from './AppShell.module.css';

const ICONS: Record<View, ComponentType<IconProps>> = {
  queue: IconCloudUpload,
  library: IconLayoutGrid,
  farm: IconServer2,
  settings: IconSettings,
};

/** The navigation between the views, and the account. */
export function Sidebar({ account, view }: { account: SignedIn; view: View }) {
  const { t } = useTranslation();
  const { count } = useFormats();
  const active = useQueue((queue) => queue.counts.active);
  const link = (to: View, unfinished = 0) => (
    <SidebarLink view={to} active={to === view} {...(unfinished > 0 ? { count: count(unfinished) } : {})} />
  );
  return (
    <nav className={classes.sidebar} aria-label={t('navigation.label')}>
      <div className={classes.brand}>
        <Mark size={26} />
        <span className={classes.name}>Reelmill</span>
      </div>
      {link('queue', active)}
      {link('library')}
      {account.role === 'admin' && link('farm')}
      <div className={classes.space} />
      {link('settings')}
      <AccountMenu account={account} />
    </nav>
  );
}

function SidebarLink({ view, active, count }: { view: View; active: boolean; count?: string }) {
  const { t } = useTranslation();
  const small = useSmallWindow();
  const Icon = ICONS[view];
  const label = t(`navigation.${view}`);
  return (
    <Tooltip label={label} position="right" disabled={!small}>
      <NavLink
        component="button"
        className={classes.link ?? ''}
        active={active}
        {...(active ? { 'aria-current': 'page' as const } : {})}
        label={label}
        leftSection={<Icon size={20} stroke={1.75} aria-hidden />}
        {...(count === undefined ? {} : { rightSection: <span className={classes.count}>{count}</span> })}
        disableRightSectionRotation
        onClick={() => openView(view)}
      />
    </Tooltip>
  );
}

/** Whether the sidebar shows only icons; the same width as in `AppShell.module.css`. */
function useSmallWindow(): boolean {
  return useMediaQuery('(width < 900px)', false, { getInitialValueInEffect: false });
}
