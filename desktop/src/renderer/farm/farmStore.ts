import type { DeadLetter, Farm } from '@reelmill/shared/contracts/admin.ts';
import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import { call } from '../ipc/bridge.ts';

/** The farm as it was at the last answer. */
export interface FarmState {
  /** Null until the first answer. */
  farm: Farm | null;
  /** When that answer came, in milliseconds. */
  seenAt: number;
  /** Why the last one did not come; null where it did. */
  failure: unknown;
  /** Some of the messages that nothing could be done with; null until they have been asked for. */
  deadLetters: readonly DeadLetter[] | null;
  refresh: (signal?: AbortSignal) => Promise<void>;
  /** Puts dead letters back into the queue; answers how many. Throws what keeps it from that. */
  replay: () => Promise<number>;
  /** Lets a worker take no more tasks, or take some again. Throws what keeps it from that. */
  controlWorker: (workerId: string, action: 'drain' | 'resume') => Promise<void>;
  /** Lets a stopped clean-up job remove what was shown. Throws what keeps it from that. */
  allowJob: (job: Farm['stopped_jobs'][number]) => Promise<void>;
}

export type FarmStore = StoreApi<FarmState>;

/** A store of its own, for tests; the app has `farmStore`. */
export function createFarmStore(now: () => number = Date.now): FarmStore {
  return createStore<FarmState>()((set, get) => {
    /** How many there were when they were asked for. */
    let lettersThen: number | null = null;

    /** Their number comes with the farm: they are asked for only where it is another one. */
    const refreshDeadLetters = async (count: number, signal?: AbortSignal): Promise<void> => {
      if (count === lettersThen) return;
      const letters = count === 0 ? [] : (await call('farm.deadLetters')).dead_letters;
      if (signal?.aborted) return;
      lettersThen = count;
      set({ deadLetters: letters });
    };

    return {
      farm: null,
      seenAt: 0,
      failure: null,
      deadLetters: null,

      refresh: async (signal) => {
        try {
          const farm = await call('farm.get');
          if (signal?.aborted) return;
          set({ farm, seenAt: now(), failure: null });
          if (farm.queue !== null) await refreshDeadLetters(farm.queue.dead_letters, signal);
        } catch (failure) {
          if (!signal?.aborted) set({ failure });
        }
      },

      replay: async () => {
        const { replayed } = await call('farm.replay');
        lettersThen = null;
        await get().refresh();
        return replayed;
      },

      controlWorker: async (workerId, action) => {
        await call('farm.controlWorker', { workerId, action });
        await get().refresh();
      },

      allowJob: async ({ job, items }) => {
        await call('farm.allowJob', items === null ? { job } : { job, items });
        await get().refresh();
      },
    };
  });
}

export const farmStore = createFarmStore();

/** Components are rendered again only when what they select changes. */
export function useFarm<Selected>(select: (state: FarmState) => Selected): Selected {
  return useStore(farmStore, select);
}
