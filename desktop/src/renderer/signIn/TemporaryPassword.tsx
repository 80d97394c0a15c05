import { useState } from 'react';
import type { SignedIn } from '../stores/session.ts';
import { PasswordDialog } from './PasswordDialog.tsx';

/** Asks whoever uses a password that an administrator knows to choose another one, once for each start of the app. */
export function TemporaryPassword({ account }: { account: SignedIn }) {
  const [asks, setAsks] = useState(true);
  return <PasswordDialog opened={asks && account.passwordTemporary} onClose={() => setAsks(false)} />;
}
