import { Avatar, Badge, Button, Group, Switch, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconKey, IconLogout } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { PasswordDialog } from '../account/PasswordDialog.tsx';
import { SignOutDialog } from '../account/SignOutDialog.tsx';
import { useAccount } from '../account/sessionStore.ts';
import { SWITCH_ROW } from './rows.ts';
import { Section } from './Section.tsx';
import classes from './Settings.module.css';
import { useStaySignedIn } from './useStaySignedIn.ts';

/** Who is signed in, and where. */
export function AccountSettings() {
  const { t } = useTranslation('settings');
  const account = useAccount();
  const stay = useStaySignedIn();
  const [leaving, dialog] = useDisclosure(false);
  const [changing, passwords] = useDisclosure(false);
  if (account === null) return null;
  return (
    <Section title={t('account.title')}>
      <div className={classes.row}>
        <Group wrap="nowrap" gap="md">
          <Avatar size={40} color="accent" variant="light" name={account.nickname} />
          <div className={classes.path}>
            <Group gap="xs">
              <Text fw={550}>{account.nickname}</Text>
              {account.role === 'admin' && <Badge size="sm">{t('account.administrator')}</Badge>}
            </Group>
            <Text size="sm" c="dimmed">
              {account.email}
            </Text>
            <Text size="sm" c="dimmed">
              {account.serverUrl}
            </Text>
          </div>
        </Group>
        <Button
          className={classes.control ?? ''}
          variant="default"
          leftSection={<IconLogout size={18} stroke={1.75} aria-hidden="true" />}
          onClick={dialog.open}
        >
          {t('account.signOut')}
        </Button>
      </div>
      <div className={classes.row}>
        <Text className={classes.label ?? ''}>{t('account.password')}</Text>
        <Text className={classes.hint ?? ''} c="dimmed">
          {t(account.passwordTemporary ? 'account.passwordTemporary' : 'account.passwordHint')}
        </Text>
        <Button
          className={classes.control ?? ''}
          variant="default"
          leftSection={<IconKey size={18} stroke={1.75} aria-hidden="true" />}
          aria-label={t('account.changePasswordLabel')}
          onClick={passwords.open}
        >
          {t('account.changePassword')}
        </Button>
      </div>
      <Switch {...SWITCH_ROW} {...stay} />
      <SignOutDialog opened={leaving} onClose={dialog.close} />
      <PasswordDialog opened={changing} onClose={passwords.close} />
    </Section>
  );
}
