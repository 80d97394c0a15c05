import { findEnded } from '../auth/sessions.ts';
import { type Recurring, startRecurring } from '../background/recurring.ts';
import { decideAccess, type Viewer } from '../catalog/access.ts';
import { forGuest, readDetails, type SerializedVideo } from '../catalog/serializeVideo.ts';
import type { ServerContext } from '../context/serverContext.ts';
import type { VideoRow } from '../db/rows.ts';

const POLL_MS = 1_000;
const BATCH = 200;
/** How long a stream may continue after another server has ended its session. */
const RECHECK_MS = 5_000;
const FINAL_STATUSES: ReadonlySet<VideoRow['status']> = new Set(['online', 'failed', 'canceled']);

export interface Subscriber {
  videoId: number;
  viewer: Viewer;
  /** Receives the JSON of the video as this viewer may see it, at first and after each change. */
  send(json: string): void;
  /** Nothing follows: the video has reached a final status, was deleted, or this viewer has lost access. */
  end(): void;
}

/**
 * Polls the videos of all subscribers of this server with one query at a time, however many they are: once a second, and at
 * once when this server has changed one of them.
 */
export class VideoFeed {
  readonly #context: ServerContext;
  readonly #subscribers = new Map<number, Map<Subscriber, string | null>>();
  readonly #poller: Recurring;
  readonly #stopListening: readonly (() => void)[];
  #recheckAt = 0;

  constructor(context: ServerContext) {
    this.#context = context;
    this.#poller = startRecurring({
      name: 'video feed',
      intervalMs: POLL_MS,
      logger: context.logger,
      metrics: context.metrics,
      work: async () => {
        await this.#poll();
        await this.#recheck();
        return false;
      },
    });
    this.#stopListening = [
      context.signals.onVideoChanged((videoId) => {
        if (this.#subscribers.has(videoId)) this.#poller.wake();
      }),
      context.signals.onAccountChanged((userId) => {
        this.#dismiss(userId);
        // guests lose access to the videos of a disabled account
        this.#poller.wake();
      }),
    ];
  }

  /** Sends the current video first. Returns a function that ends the subscription. */
  subscribe(subscriber: Subscriber): () => void {
    const { videoId } = subscriber;
    const audience = this.#subscribers.get(videoId) ?? new Map<Subscriber, string | null>();
    this.#subscribers.set(videoId, audience.set(subscriber, null));
    this.#poller.wake();
    return () => this.#drop(subscriber);
  }

  /** Ends every subscription. */
  async stop(): Promise<void> {
    for (const stopListening of this.#stopListening) stopListening();
    await this.#poller.stop();
    for (const audience of [...this.#subscribers.values()]) this.#end([...audience.keys()]);
  }

  async #poll(): Promise<void> {
    const videoIds = [...this.#subscribers.keys()];
    for (let first = 0; first < videoIds.length; first += BATCH) {
      const ids = videoIds.slice(first, first + BATCH);
      const found = await readDetails(this.#context, ids);
      this.#publish(found.values());
      for (const id of ids) if (!found.has(id)) this.#end([...(this.#subscribers.get(id)?.keys() ?? [])]);
    }
  }

  /** Ends the subscriptions of sessions that have been ended, on any server. */
  async #recheck(): Promise<void> {
    if (performance.now() < this.#recheckAt) return;
    this.#recheckAt = performance.now() + RECHECK_MS;
    const all = [...this.#subscribers.values()].flatMap((audience) => [...audience.keys()]);
    const identified = all.flatMap((subscriber) => {
      const { identity } = subscriber.viewer;
      return identity === null ? [] : [{ subscriber, identity }];
    });
    for (let first = 0; first < identified.length; first += BATCH) {
      const batch = identified.slice(first, first + BATCH);
      const ended = await findEnded(
        this.#context,
        batch.map(({ identity }) => identity),
      );
      this.#end(batch.filter(({ identity }) => ended.has(identity)).map(({ subscriber }) => subscriber));
    }
  }

  #publish(videos: Iterable<SerializedVideo>): void {
    for (const { row, detail } of videos) {
      const audience = this.#subscribers.get(row.id);
      if (audience === undefined) continue;
      const messages = { full: JSON.stringify(detail), guest: JSON.stringify(forGuest(detail)) };
      for (const [subscriber, known] of [...audience]) {
        const { playbackUrls } = this.#context;
        const access = decideAccess(playbackUrls, { id: row.id, row }, subscriber.viewer);
        if (access !== 'full' && access !== 'guest') {
          this.#end([subscriber]);
          continue;
        }
        const json = messages[access];
        if (json !== known) subscriber.send(json);
        audience.set(subscriber, json);
        if (FINAL_STATUSES.has(row.status)) this.#end([subscriber]);
      }
    }
  }

  /** Ends the subscriptions of an account whose access may have changed; its client reconnects if it still has access. */
  #dismiss(userId: number): void {
    const all = [...this.#subscribers.values()].flatMap((audience) => [...audience.keys()]);
    this.#end(all.filter(({ viewer }) => viewer.identity?.userId === userId));
  }

  #end(subscribers: readonly Subscriber[]): void {
    for (const subscriber of subscribers) {
      this.#drop(subscriber);
      subscriber.end();
    }
  }

  #drop(subscriber: Subscriber): void {
    const audience = this.#subscribers.get(subscriber.videoId);
    audience?.delete(subscriber);
    if (audience?.size === 0) this.#subscribers.delete(subscriber.videoId);
  }
}
