import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { QueueChange, UploadSnapshot } from '../../../contracts/desktop.ts';
import { isActive, type QueueTotals, summarize } from '../../../engine/queue/totals.ts';
import { call, on } from '../../ipc/bridge.ts';
import { FILTERS, type Filter, type Group, groupOf } from './groups.ts';
import { moveInOrder } from './ordering.ts';
import { clearSelected, NOTHING_SELECTED, pruneSelection, type Selection } from './selection.ts';

export interface QueueState {
  status: 'loading' | 'ready' | 'failed';
  /**
   * Changed in place, so that a message costs what it changes and not what there is. Each row is a new object when it
   * changes: select single rows (`state.rows.get(id)`), or watch `revision`.
   */
  rows: ReadonlyMap<string, UploadSnapshot>;
  order: readonly string[];
  filter: Filter;
  /** The ids that the filter lets through, in order. */
  visible: readonly string[];
  counts: Readonly<Record<Filter, number>>;
  selection: Selection;
  /** Times at which calls are made again, by id, in milliseconds of `Date.now()`. */
  retryAt: ReadonlyMap<string, number>;
  /**
   * Bytes of the uploads that arrived since something was active last: with them the progress of all does not fall
   * back whenever a file is done.
   */
  arrivedBytes: number;
  /** Grows with every change of any row. */
  revision: number;
  /** Grows whenever a row shows a failure, another one, or none any more: the heights of rows follow from that. */
  layout: number;
  /** Replaces the whole queue. */
  load: (rows: UploadSnapshot[]) => void;
  apply: (change: QueueChange) => void;
  setFilter: (filter: Filter) => void;
  select: (change: (selection: Selection, visible: readonly string[]) => Selection) => void;
  /** Shows a row at its new position before the main process has confirmed it. */
  showMoved: (id: string, index: number) => void;
  /** Shows a new title before the main process has confirmed it. */
  showRenamed: (id: string, title: string | null) => void;
}

export type QueueStore = StoreApi<QueueState>;

/** Creates a store, for tests; the app uses `queueStore`. */
export function createQueueStore(now: () => number = Date.now): QueueStore {
  const rows = new Map<string, UploadSnapshot>();
  const retryAt = new Map<string, number>();
  const counts: Record<Filter, number> = { all: 0, active: 0, attention: 0, finished: 0 };
  let running = 0;
  let arrivedBytes = 0;

  const count = (group: Group, by: 1 | -1): void => {
    counts[group] += by;
    counts.all += by;
  };
  const put = (row: UploadSnapshot): 'new' | 'regrouped' | 'same' => {
    const before = rows.get(row.id);
    updateRetry(row, before);
    updateArrived(row, before);
    rows.set(row.id, row);
    const group = groupOf(row);
    const earlier = before === undefined ? null : groupOf(before);
    if (earlier === group) return 'same';
    if (earlier !== null) count(earlier, -1);
    count(group, 1);
    return earlier === null ? 'new' : 'regrouped';
  };
  const drop = (id: string): void => {
    const row = rows.get(id);
    if (row === undefined) return;
    count(groupOf(row), -1);
    if (isActive(row.state)) running -= 1;
    rows.delete(id);
    retryAt.delete(id);
  };
  const updateArrived = (row: UploadSnapshot, before: UploadSnapshot | undefined): void => {
    const wasActive = before !== undefined && isActive(before.state);
    running += Number(isActive(row.state)) - Number(wasActive);
    const arrived = row.state === 'processing' || row.state === 'online';
    if (wasActive && arrived) arrivedBytes += row.sizeBytes ?? 0;
  };
  const updateRetry = ({ id, retrying }: UploadSnapshot, before: UploadSnapshot | undefined): void => {
    if (retrying === null) {
      retryAt.delete(id);
      return;
    }
    const known = before?.retrying;
    // snapshots have the length of the wait, not its start: a notice that was shown already keeps counting down
    const isKnown = known?.attempt === retrying.attempt && known.waitMs === retrying.waitMs;
    if (!isKnown) retryAt.set(id, now() + retrying.waitMs);
  };

  return createStore<QueueState>()((set, get) => {
    /** Brings everything that is derived from rows and order up to date. */
    const refresh = (order: readonly string[], changes: { listed: boolean; layout: boolean }): void => {
      const state = get();
      const visible = changes.listed ? filterOrder(order, rows, state.filter) : state.visible;
      if (running === 0) arrivedBytes = 0;
      set({
        order,
        visible,
        counts: changes.listed ? { ...counts } : state.counts,
        selection: changes.listed ? pruneSelection(state.selection, state.visible, visible) : state.selection,
        arrivedBytes,
        revision: state.revision + 1,
        layout: state.layout + (changes.layout ? 1 : 0),
      });
    };

    return {
      status: 'loading',
      rows,
      order: [],
      filter: 'all',
      visible: [],
      counts: { ...counts },
      selection: NOTHING_SELECTED,
      retryAt,
      arrivedBytes,
      revision: 0,
      layout: 0,

      load: (list) => {
        for (const id of [...rows.keys()]) drop(id);
        for (const row of list) put(row);
        set({ status: 'ready' });
        refresh(
          list.map((row) => row.id),
          { listed: true, layout: true },
        );
      },

      apply: ({ changed, removed, order }) => {
        const before = rows.size;
        for (const id of removed) drop(id);
        let listed = order !== null || rows.size !== before;
        let layout = false;
        const newcomers: string[] = [];
        for (const row of changed) {
          const earlier = rows.get(row.id)?.failure;
          layout ||= earlier?.code !== row.failure?.code || earlier?.stage !== row.failure?.stage;
          const change = put(row);
          if (change === 'new') newcomers.push(row.id);
          if (change !== 'same') listed = true;
        }
        refresh(order ?? completeOrder(get().order, rows, removed, newcomers), { listed, layout });
      },

      setFilter: (filter) => {
        const { order, selection } = get();
        const visible = filterOrder(order, rows, filter);
        set({ filter, visible, selection: pruneSelection(clearSelected(selection), visible, visible) });
      },

      select: (change) => set((state) => ({ selection: change(state.selection, state.visible) })),

      showMoved: (id, index) => {
        if (!rows.has(id)) return;
        refresh(moveInOrder(get().order, id, index), { listed: true, layout: false });
      },

      showRenamed: (id, title) => {
        const row = rows.get(id);
        if (row === undefined) return;
        rows.set(id, { ...row, title });
        set((state) => ({ revision: state.revision + 1 }));
      },
    };
  });
}

function filterOrder(
  order: readonly string[],
  rows: ReadonlyMap<string, UploadSnapshot>,
  filter: Filter,
): readonly string[] {
  return order.filter((id) => {
    const row = rows.get(id);
    return row !== undefined && (filter === 'all' || groupOf(row) === filter);
  });
}

/** The order where a message names none. */
function completeOrder(
  order: readonly string[],
  rows: ReadonlyMap<string, UploadSnapshot>,
  removed: readonly string[],
  newcomers: readonly string[],
): readonly string[] {
  if (removed.length === 0 && newcomers.length === 0) return order;
  return [...order.filter((id) => rows.has(id)), ...newcomers];
}

export const queueStore = createQueueStore();

/** Returns what `select` picks; components only render again when that changes. */
export function useQueue<Selected>(select: (state: QueueState) => Selected): Selected {
  return useStore(queueStore, select);
}

/** Follows the queue of the main process. Returns a function that ends it. */
export function connectQueue(store: QueueStore = queueStore): () => void {
  const stop = on('queue.changed', (change) => store.getState().apply(change));
  void loadQueue(store);
  return stop;
}

/** Loads the whole queue from the main process; it includes the changes that were sent before.  */
export async function loadQueue(store: QueueStore = queueStore): Promise<void> {
  store.setState({ status: 'loading' });
  try {
    store.getState().load(await call('queue.list'));
  } catch {
    store.setState({ status: 'failed' });
  }
}

let totals: { rows: QueueState['rows']; revision: number; value: QueueTotals } | null = null;

/** Of all rows, whatever is shown; counted once for each change, however many ask. */
export function totalsOf({ rows, revision }: QueueState): QueueTotals {
  if (totals?.revision !== revision || totals.rows !== rows) {
    totals = { rows, revision, value: summarize(rows.values()) };
  }
  return totals.value;
}

export function isFilter(value: string): value is Filter {
  return FILTERS.some((filter) => filter === value);
}
