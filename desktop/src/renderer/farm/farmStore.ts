import type { DeadLetter, Farm } from '@reelmill/shared/contracts/admin.ts';
import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import { call } from '../ipc/bridge.ts';

/** The farm at the last response. */
export interface FarmState {
  /** Null until the first response. */
  farm: Farm | null;
  /** When that response arrived, in milliseconds. */
  seenAt: number;
  /** The error of the last call; null where it succeeded. */
  failure: unknown;
  /** The oldest dead letters; null until they are loaded. */
  deadLetters: readonly DeadLetter[] | null;
  refresh: (signal?: AbortSignal) => Promise<void>;
  /** Moves dead letters back to their queues and returns how many. Throws the error of the call. */
  replay: () => Promise<number>;
  /** Drains or resumes a worker. Throws the error of the call. */
  controlWorker: (workerId: string, action: 'drain' | 'resume') => Promise<void>;
  /** Lets a stopped cleanup job remove the number that was shown. Throws the error of the call. */
  allowJob: (job: Farm['stopped_jobs'][number]) => Promise<void>;
}

export type FarmStore = StoreApi<FarmState>;

/** Creates a store, for tests; the app uses `farmStore`. */
export function createFarmStore(now: () => number = Date.now): FarmStore {
  return createStore<FarmState>()((set, get) => {
    /** How many there were when they were loaded. */
    let loadedCount: number | null = null;

    /** Loads them only when their number, which comes with the farm, has changed. */
    const refreshDeadLetters = async (count: number, signal?: AbortSignal): Promise<void> => {
      if (count === loadedCount) return;
      const letters = count === 0 ? [] : (await call('farm.deadLetters')).dead_letters;
      if (signal?.aborted) return;
      loadedCount = count;
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
        loadedCount = null;
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

/** Returns what `select` picks; components only render again when that changes. */
export function useFarm<Selected>(select: (state: FarmState) => Selected): Selected {
  return useStore(farmStore, select);
}
