import { Button, Text, Title } from '@mantine/core';
import type { Farm } from '@reelmill/shared/contracts/admin.ts';
import { IconCopy } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { notifyDone } from '../feedback/notify.tsx';
import { useAction } from '../feedback/useAction.ts';
import { useFormats } from '../format/useFormats.ts';
import { call } from '../ipc/bridge.ts';
import classes from './Farm.module.css';

/** The suggested number of workers for the planned tasks, and the command for it. */
export function ScaleCard({ farm }: { farm: Farm }) {
  const { t } = useTranslation('farm');
  const { count } = useFormats();
  const { suggested_replicas: suggested, scale_command: command } = farm;
  const workers = t('scale.workers', { count: suggested, formatted: count(suggested) });
  const copy = useAction(async () => {
    await call('app.copyText', { text: command });
    notifyDone(t('scale.copied'));
  });
  return (
    <section className={`${classes.section} ${classes.scale}`} aria-label={t('scale.title')}>
      <div>
        <Title order={2}>{t('scale.heading', { workers })}</Title>
        <Text size="sm" c="dimmed" mt={2}>
          {t(farm.drain_seconds === 0 ? 'scale.idle' : 'scale.enough')}
        </Text>
      </div>
      <div>
        <Text size="xs" c="dimmed" mb={4}>
          {t('scale.command')}
        </Text>
        <div className={classes.command}>
          <code>{command}</code>
          <Button
            variant="default"
            leftSection={<IconCopy size={18} stroke={1.75} aria-hidden />}
            loading={copy.pending}
            onClick={() => copy.run()}
          >
            {t('scale.copy')}
          </Button>
        </div>
      </div>
    </section>
  );
}
