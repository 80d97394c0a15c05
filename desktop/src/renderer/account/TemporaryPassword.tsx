import { useState } from 'react';
import { PasswordDialog } from './PasswordDialog.tsx';
import type { SignedIn } from './sessionStore.ts';

/** Asks whoever uses a password that an administrator knows to choose another one, once for each start of the app. */
export function TemporaryPassword({ account }: { account: SignedIn }) {
  const [asks, setAsks] = useState(true);
  return <PasswordDialog opened={asks && account.passwordTemporary} onClose={() => setAsks(false)} />;
}
