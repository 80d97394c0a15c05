import { Avatar, Menu, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconLogout, IconUserCircle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { SignOutDialog } from '../account/SignOutDialog.tsx';
import { hostOf } from '../account/serverAddress.ts';
import type { SignedIn } from '../account/sessionStore.ts';
import { openView } from '../navigation/navigationStore.ts';
import classes from './AppShell.module.css';

/** Who is signed in and where, at the foot of the sidebar. */
export function AccountMenu({ account }: { account: SignedIn }) {
  const { t } = useTranslation();
  const [leaving, dialog] = useDisclosure(false);
  return (
    <>
      <Menu position="top-start" width={220}>
        <Menu.Target>
          <UnstyledButton className={classes.account ?? ''}>
            <span className="visually-hidden">{t('account.menu')}</span>
            <Avatar aria-hidden size={30} color="accent" variant="light" name={account.nickname} />
            <div className={classes.accountText}>
              <Text size="sm" fw={550} truncate>
                {account.nickname}
              </Text>
              <Text size="xs" c="dimmed" truncate>
                {hostOf(account.serverUrl)}
              </Text>
            </div>
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{account.email}</Menu.Label>
          <Menu.Item
            leftSection={<IconUserCircle size={18} stroke={1.75} />}
            onClick={() => openView('settings')}
          >
            {t('account.settings')}
          </Menu.Item>
          <Menu.Item leftSection={<IconLogout size={18} stroke={1.75} />} onClick={dialog.open}>
            {t('account.signOut')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <SignOutDialog opened={leaving} onClose={dialog.close} />
    </>
  );
}
