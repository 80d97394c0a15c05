import { Button, MantineProvider, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { styleNonce } from '../theme/nonce.ts';
import { cssVariables, theme } from '../theme/theme.ts';
import { Mark } from '../ui/Mark.tsx';

/** Shown when the main process does not respond: the page can only be reloaded. */
export function StartFailed() {
  const { t } = useTranslation();
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      getStyleNonce={styleNonce}
    >
      <Stack component="main" align="center" justify="center" h="100%" p="xl" gap="sm">
        <Mark size={44} />
        <Title order={1}>{t('start.failed')}</Title>
        <Text c="dimmed" ta="center" maw={420}>
          {t('start.body')}
        </Text>
        <Button onClick={() => window.location.reload()}>{t('start.reload')}</Button>
      </Stack>
    </MantineProvider>
  );
}
