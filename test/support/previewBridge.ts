import type { Settings } from '@reelmill/desktop/contracts/desktop.ts';
import type { IpcCall, IpcEvent, IpcReply } from '@reelmill/desktop/contracts/ipc.ts';
import type { Video } from '@reelmill/shared/contracts/videos.ts';
import type { PreviewState } from './previewState.ts';

/**
 * Puts a main process into a page that responds from plain data and keeps what the page changes. Runs in the browser:
 * it must not use anything from outside of itself. A test sends events with `preview.send(event, payload)`, finds what
 * the page has asked for in `preview.calls`, and may change `preview.state`.
 */
export function installPreviewBridge(state: PreviewState): void {
  const listeners = new Map<string, Set<(payload: unknown) => void>>();
  const send = (event: IpcEvent, payload: unknown): void => {
    for (const listener of listeners.get(event) ?? []) listener(payload);
  };
  // the arguments of any call; each handler uses those of its own call
  interface Args {
    ids: string[];
    serverUrl: string;
    videoId: number;
    workerId: string;
    action: 'drain' | 'resume';
    job: string;
    limit?: number;
    offset?: number;
    status?: string;
    search?: string;
    sort?: string;
  }

  const findVideo = (args: Args): Video | undefined =>
    state.videos.find((video) => video.id === args.videoId);
  const changeSettings = (patch: Partial<Settings>): Settings => {
    state.settings = { ...state.settings, ...patch };
    if (state.settings.language !== 'system') state.info.language = state.settings.language;
    send('settings.changed', state.settings);
    return state.settings;
  };
  const setState = (ids: readonly string[], to: PreviewState['queue'][number]['state']): void => {
    state.queue = state.queue.map((row) => (ids.includes(row.id) ? { ...row, state: to } : row));
    const changed = state.queue.filter((row) => ids.includes(row.id));
    send('queue.changed', { changed, removed: [], order: null });
  };
  const remove = (ids: readonly string[]): void => {
    state.queue = state.queue.filter((row) => !ids.includes(row.id));
    send('queue.changed', { changed: [], removed: ids, order: state.queue.map((row) => row.id) });
  };
  const listVideos = (query: Args): { videos: Video[]; total: number } => {
    const { limit = 20, offset = 0, status, search = '', sort } = query;
    const words = search.toLowerCase();
    const found = state.videos.filter(
      (video) =>
        (status === undefined || video.status === status) && video.title.toLowerCase().includes(words),
    );
    if (sort === 'title') found.sort((a, b) => a.title.localeCompare(b.title));
    if (sort === 'oldest') found.reverse();
    return { videos: found.slice(offset, offset + limit), total: found.length };
  };

  const results: Partial<Record<IpcCall, (args: Args) => unknown>> = {
    'app.info': () => state.info,
    'session.get': () => state.session,
    'session.probe': ({ serverUrl }) => ({
      serverUrl: /^https?:/.test(serverUrl) ? serverUrl : `https://${serverUrl}`,
      info: state.server,
    }),
    'session.signIn': () => state.account,
    'session.register': () => state.account,
    'session.changePassword': () => ({ ...state.account, passwordTemporary: false }),
    'session.signOut': () => ({
      status: 'signedOut',
      serverUrl: 'https://reelmill.example.com',
      ended: null,
    }),
    'queue.list': () => state.queue,
    'queue.pick': () => ({ added: [], known: 0, refused: [] }),
    'queue.add': () => ({ added: [], known: 0, refused: [] }),
    'queue.pause': ({ ids }) => setState(ids, 'paused'),
    'queue.resume': ({ ids }) => setState(ids, 'waiting'),
    'queue.retry': ({ ids }) => setState(ids, 'waiting'),
    'queue.cancel': ({ ids }) => setState(ids, 'canceled'),
    'queue.remove': ({ ids }) => remove(ids),
    'queue.clearFinished': () =>
      remove(state.queue.filter((row) => row.state === 'online').map((row) => row.id)),
    'library.list': listVideos,
    'library.get': (args) => ({ ...state.detail, video: findVideo(args) ?? state.detail.video }),
    'library.copyLink': () => ({ url: 'https://reelmill.example.com/watch/1', madeUnlisted: true }),
    'library.renewLink': (args) => ({
      ...(findVideo(args) ?? state.detail.video),
      watch_url: 'https://reelmill.example.com/watch/1?token=anew',
      legacy_link_until: null,
      waiting: null,
      notices: [],
    }),
    'farm.get': () => state.farm,
    'farm.deadLetters': () => ({ dead_letters: state.deadLetters }),
    'farm.replay': () => ({ replayed: state.deadLetters.length }),
    'farm.controlWorker': ({ workerId, action }) => {
      const worker = state.farm.workers.find((one) => one.worker_id === workerId);
      if (worker === undefined) throw new Error(`there is no worker ${workerId}`);
      const updated: typeof worker = { ...worker, state: action === 'drain' ? 'drained' : 'idle' };
      const workers = state.farm.workers.map((one) => (one === worker ? updated : one));
      state.farm = { ...state.farm, workers };
      return updated;
    },
    'farm.allowJob': ({ job }) => {
      const others = state.farm.stopped_jobs.filter((stopped) => stopped.job !== job);
      state.farm = { ...state.farm, stopped_jobs: others };
      return { job, allowance: null };
    },
    'settings.get': () => state.settings,
    // the argument of this one is a patch of the settings
    'settings.set': (patch) => changeSettings(patch as Partial<Settings>),
    'settings.pickWatchFolder': () =>
      changeSettings({ watchFolder: { enabled: true, path: '/home/ada/Videos/Finished' } }),
    'watchFolder.get': () => state.watchFolder,
    'updates.get': () => state.update,
    'updates.check': () => state.update,
  };

  const calls: [IpcCall, unknown][] = [];
  const call = async (name: IpcCall, args: unknown): Promise<IpcReply> => {
    calls.push([name, args]);
    if (state.silent.includes(name)) return new Promise(() => undefined);
    const error = state.failing[name];
    if (error !== undefined) return { ok: false, error };
    // a handler reads only the arguments of its own call
    return { ok: true, value: results[name]?.((args ?? {}) as Args) };
  };
  const on = (event: IpcEvent, listener: (payload: unknown) => void): (() => void) => {
    const known = listeners.get(event) ?? new Set();
    listeners.set(event, known.add(listener));
    return () => known.delete(listener);
  };
  Object.assign(globalThis, { reelmill: { call, on, pathOf: () => '' }, preview: { send, state, calls } });
}
