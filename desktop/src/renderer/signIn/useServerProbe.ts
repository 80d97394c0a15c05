import type { ServerInfo } from '@reelmill/shared/contracts/server.ts';
import { useCallback, useRef, useState } from 'react';
import { type Problem, toProblem } from '../account/problems.ts';
import { call } from '../ipc/bridge.ts';

/** What is known of the server at an address. `serverUrl` is the address as it will be kept. */
export type Probe =
  | { status: 'unknown' }
  | { status: 'checking' }
  | { status: 'found'; serverUrl: string; info: ServerInfo }
  | { status: 'failed'; problem: Problem };

export interface ServerProbe {
  probe: Probe;
  /** Asks the address, unless that has been done; null where it was edited before the answer came. */
  ask: (address: string) => Promise<Probe | null>;
  /** After the address was edited. */
  forget: () => void;
}

/** Looks whether there is a Reelmill server at an address; an answer that comes too late is not taken. */
export function useServerProbe(): ServerProbe {
  const [probe, setProbe] = useState<Probe>({ status: 'unknown' });
  const asked = useRef<{ address: string; answer: Promise<Probe> } | null>(null);

  const forget = useCallback(() => {
    asked.current = null;
    setProbe({ status: 'unknown' });
  }, []);

  const ask = useCallback(async (entered: string): Promise<Probe | null> => {
    const address = entered.trim();
    if (asked.current?.address === address) return asked.current.answer;
    const question = { address, answer: askServer(address) };
    asked.current = question;
    setProbe({ status: 'checking' });
    const answer = await question.answer;
    if (asked.current !== question) return null;
    setProbe(answer);
    // the same question may be asked again after a failure; an answer holds for both ways of writing the address
    asked.current = answer.status === 'found' ? { address: answer.serverUrl, answer: question.answer } : null;
    return answer;
  }, []);

  return { probe, ask, forget };
}

async function askServer(serverUrl: string): Promise<Probe> {
  try {
    return { status: 'found', ...(await call('session.probe', { serverUrl })) };
  } catch (error) {
    return { status: 'failed', problem: toProblem(error) };
  }
}
