import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { useAccount } from '../account/sessionStore.ts';
import { SignInView } from '../signIn/SignInView.tsx';
import { settingsColorScheme } from '../theme/colorScheme.ts';
import { styleNonce } from '../theme/nonce.ts';
import { cssVariables, theme } from '../theme/theme.ts';
import { AppShell } from './AppShell.tsx';

const colorScheme = settingsColorScheme();

export function App() {
  const account = useAccount();
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      colorSchemeManager={colorScheme}
      defaultColorScheme="auto"
      getStyleNonce={styleNonce}
    >
      <Notifications position="bottom-right" limit={4} containerWidth={380} />
      {account === null ? <SignInView /> : <AppShell account={account} />}
    </MantineProvider>
  );
}
