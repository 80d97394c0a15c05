import { Alert, Paper, Stack, Text, Title } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../account/sessionStore.ts';
import { Mark } from '../ui/Mark.tsx';
import { SignInForm } from './SignInForm.tsx';
import classes from './SignInView.module.css';
import { useSignInForm } from './useSignInForm.ts';

/** The view while nobody is signed in. */
export function SignInView() {
  const { t } = useTranslation(['signIn', 'errors']);
  const session = useSession();
  const known = session.status === 'signedOut' ? session : { serverUrl: null, ended: null };
  const form = useSignInForm(known.serverUrl ?? '');
  return (
    <main className={classes.screen}>
      <Paper className={classes.card} withBorder radius="lg">
        <Stack gap={6} align="center" mb="lg">
          <Mark size={44} />
          <Title order={1} mt={6}>
            {t(form.mode === 'signIn' ? 'title' : 'registerTitle')}
          </Title>
        </Stack>
        {known.ended !== null && (
          <Alert
            icon={<IconInfoCircle size={18} stroke={1.75} />}
            title={t('ended.title')}
            mb="md"
            color="yellow"
          >
            <Text size="sm">{t(`errors:${known.ended}`)}</Text>
            <Text size="sm">{t('ended.uploads')}</Text>
          </Alert>
        )}
        <SignInForm form={form} />
      </Paper>
    </main>
  );
}
