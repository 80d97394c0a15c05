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
  /** Looks who is at the address that is entered. */
  probeServer: () => Promise<void>;
  /** Resolves to the problems that are there then; none when it worked. */
  submit: () => Promise<Problems>;
}

/** What is typed, what is wrong with it, and what is sent. */
export function useSignInForm(serverUrl: string): SignInForm {
  const [mode, setMode] = useState<Mode>('signIn');
  const [entered, setEntered] = useState<Credentials>({ serverUrl, nickname: '', email: '', password: '' });
  const [problems, setProblems] = useState<Problems>({});
  const server = useServerProbe();
  const [pending, setPending] = useState(false);

  const enter = (field: Field, value: string): void => {
    setEntered((before) => ({ ...before, [field]: value }));
    setProblems(({ [field]: _, form: __, ...others }) => others);
    if (field === 'serverUrl') server.forget();
  };

  const probeServer = async (): Promise<void> => {
    if (entered.serverUrl.trim() === '') return;
    const answer = await server.ask(entered.serverUrl);
    // shown as it will be kept
    if (answer?.status === 'found') setEntered((now) => ({ ...now, serverUrl: answer.serverUrl }));
    if (answer?.status === 'failed') setProblems((now) => ({ ...now, serverUrl: answer.problem }));
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
