import { Button, Stack, Text, Title } from '@mantine/core';
import i18next from 'i18next';
import { Component, type ReactNode } from 'react';

/** Keeps a view that fails from taking the rest of the app with it. */
export class ViewBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <Stack align="center" justify="center" h="100%" p="xl" gap="sm">
        <Title order={1} tabIndex={-1}>
          {i18next.t('crash.title')}
        </Title>
        <Text c="dimmed" ta="center" maw={420}>
          {i18next.t('crash.body')}
        </Text>
        <Button variant="default" onClick={() => this.setState({ failed: false })}>
          {i18next.t('crash.again')}
        </Button>
      </Stack>
    );
  }
}
