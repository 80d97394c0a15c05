import { type ComponentType, type RefObject, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { View } from '../../contracts/desktop.ts';
import type { SignedIn } from '../account/sessionStore.ts';
import { TemporaryPassword } from '../account/TemporaryPassword.tsx';
import { FarmView } from '../farm/FarmView.tsx';
import { LibraryView } from '../library/LibraryView.tsx';
import { useNavigation } from '../navigation/navigationStore.ts';
import { DropOverlay } from '../queue/add/DropOverlay.tsx';
import { QueueView } from '../queue/QueueView.tsx';
import { SettingsView } from '../settings/SettingsView.tsx';
import { ViewBoundary } from '../ui/ViewBoundary.tsx';
import classes from './AppShell.module.css';
import { Sidebar } from './Sidebar.tsx';

const VIEWS: Record<View, ComponentType> = {
  queue: QueueView,
  library: LibraryView,
  farm: FarmView,
  settings: SettingsView,
};

/** The window while an account is signed in: the sidebar and one view. */
export function AppShell({ account }: { account: SignedIn }) {
  const { t } = useTranslation();
  const asked = useNavigation();
  const view = asked.view === 'farm' && account.role !== 'admin' ? 'queue' : asked.view;
  const main = useRef<HTMLElement>(null);
  useFocusOfView(main, `${view}/${asked.videoId}`);
  const Shown = VIEWS[view];
  return (
    <div className={classes.shell}>
      <button type="button" className={classes.skip} onClick={() => focusHeading(main.current)}>
        {t('navigation.skip')}
      </button>
      <Sidebar account={account} view={view} />
      <main id="main" ref={main} className={classes.main} tabIndex={-1}>
        <ViewBoundary key={view}>
          <Shown />
        </ViewBoundary>
      </main>
      <DropOverlay />
      <TemporaryPassword key={account.userId} account={account} />
    </div>
  );
}

/** Focuses the heading of a new view, for keyboards and screen readers. */
function useFocusOfView(main: RefObject<HTMLElement | null>, place: string): void {
  const shown = useRef(place);
  useEffect(() => {
    if (shown.current === place) return;
    shown.current = place;
    focusHeading(main.current);
  }, [main, place]);
}

function focusHeading(main: HTMLElement | null): void {
  const target = main?.querySelector<HTMLElement>('h1[tabindex]') ?? main;
  target?.focus({ preventScroll: true });
}
