import type { ServerInfo } from '@reelmill/shared/contracts/server.ts';
import { useCallback, useRef, useState } from 'react';
import { type Problem, toProblem } from '../account/problems.ts';
import { call } from '../ipc/bridge.ts';

/** What is known of the server at an address. `serverUrl` is its normalized address. */
export type Probe =
  | { status: 'unknown' }
  | { status: 'checking' }
  | { status: 'found'; serverUrl: string; info: ServerInfo }
  | { status: 'failed'; problem: Problem };

export interface ServerProbe {
  probe: Probe;
  /** Probes the address, unless that was done already. Returns null where it was edited before the result arrived. */
  check: (address: string) => Promise<Probe | null>;
  /** Call it after the address was edited. */
  reset: () => void;
}

/** Checks whether there is a Reelmill server at an address; ignores a result that arrives after another check began. */
export function useServerProbe(): ServerProbe {
  const [probe, setProbe] = useState<Probe>({ status: 'unknown' });
  const current = useRef<{ address: string; result: Promise<Probe> } | null>(null);

  const reset = useCallback(() => {
    current.current = null;
    setProbe({ status: 'unknown' });
  }, []);

  const check = useCallback(async (entered: string): Promise<Probe | null> => {
    const address = entered.trim();
    if (current.current?.address === address) return current.current.result;
    const started = { address, result: probeServer(address) };
    current.current = started;
    setProbe({ status: 'checking' });
    const result = await started.result;
    if (current.current !== started) return null;
    setProbe(result);
    // a failed check may be repeated; a result is also valid for the normalized address
    current.current =
      result.status === 'found' ? { address: result.serverUrl, result: started.result } : null;
    return result;
  }, []);

  return { probe, check, reset };
}

async function probeServer(serverUrl: string): Promise<Probe> {
  try {
    return { status: 'found', ...(await call('session.probe', { serverUrl })) };
  } catch (error) {
    return { status: 'failed', problem: toProblem(error) };
  }
}
