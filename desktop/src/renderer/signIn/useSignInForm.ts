import { useState } from 'react';
import {
  type Credentials,
  checkCredentials,
  type Field,
  type Mode,
  type Problems,
  placeFailure,
} from '../account/problems.ts';
import { register, signIn } from '../account/sessionStore.ts';
import { type Probe, useServerProbe } from './useServerProbe.ts';

export interface SignInForm {
  mode: Mode;
  entered: Credentials;
  problems: Problems;
  probe: Probe;
  pending: boolean;
  enter: (field: Field, value: string) => void;
  setMode: (mode: Mode) => void;
  /** Checks the server at the entered address. */
  probeServer: () => Promise<void>;
  /** Resolves to the problems; none when it succeeded. */
  submit: () => Promise<Problems>;
}

/** The state of the form: its values, their problems, and its submission. */
export function useSignInForm(serverUrl: string): SignInForm {
  const [mode, setMode] = useState<Mode>('signIn');
  const [entered, setEntered] = useState<Credentials>({ serverUrl, nickname: '', email: '', password: '' });
  const [problems, setProblems] = useState<Problems>({});
  const server = useServerProbe();
  const [pending, setPending] = useState(false);

  const enter = (field: Field, value: string): void => {
    setEntered((before) => ({ ...before, [field]: value }));
    setProblems(({ [field]: _, form: __, ...others }) => others);
    if (field === 'serverUrl') server.reset();
  };

  const probeServer = async (): Promise<void> => {
    if (entered.serverUrl.trim() === '') return;
    const result = await server.check(entered.serverUrl);
    // show the normalized address
    if (result?.status === 'found') setEntered((now) => ({ ...now, serverUrl: result.serverUrl }));
    if (result?.status === 'failed') setProblems((now) => ({ ...now, serverUrl: result.problem }));
  };

  const submit = async (): Promise<Problems> => {
    if (pending) return problems;
    let found = checkCredentials(entered, mode);
    if (Object.keys(found).length === 0) {
      setPending(true);
      try {
        await send(entered, mode);
      } catch (error) {
        found = placeFailure(error);
      }
      setPending(false);
    }
    setProblems(found);
    return found;
  };

  const changeMode = (next: Mode): void => {
    setMode(next);
    setProblems({});
  };
  return {
    mode,
    entered,
    problems,
    probe: server.probe,
    pending,
    enter,
    setMode: changeMode,
    probeServer,
    submit,
  };
}

function send({ serverUrl, nickname, email, password }: Credentials, mode: Mode): Promise<void> {
  const address = serverUrl.trim();
  if (mode === 'signIn') return signIn({ serverUrl: address, email: email.trim(), password });
  const account = { nickname: nickname.trim(), email: email.trim(), password };
  return register({ serverUrl: address, account });
}
