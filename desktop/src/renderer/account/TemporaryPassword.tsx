import { useState } from 'react';
import { PasswordDialog } from './PasswordDialog.tsx';
import type { SignedIn } from './sessionStore.ts';

/** Asks to change a password that an administrator set, once per start of the app. */
export function TemporaryPassword({ account }: { account: SignedIn }) {
  const [asks, setAsks] = useState(true);
  return <PasswordDialog opened={asks && account.passwordTemporary} onClose={() => setAsks(false)} />;
}
