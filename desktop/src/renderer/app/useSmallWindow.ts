import { useMediaQuery } from '@mantine/hooks';

/** Whether the sidebar has only symbols; the same width as in `AppShell.module.css`. */
export function useSmallWindow(): boolean {
  return useMediaQuery('(width < 900px)', false, { getInitialValueInEffect: false });
}
