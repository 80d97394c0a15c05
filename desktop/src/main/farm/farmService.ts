import type { DeadLetter, Farm, FarmWorker } from '@reelmill/shared/contracts/admin.ts';
import type { RetentionAllowRequest, RetentionAllowResponse } from '@reelmill/shared/contracts/retention.ts';
import { AdminApi } from '../../engine/api/adminApi.ts';
import type { SessionService } from '../session/sessionService.ts';

/** The transcoding farm, for admins; `forbidden` for everybody else. */
export class FarmService {
  readonly #session: SessionService;

  constructor(session: SessionService) {
    this.#session = session;
  }

  get(): Promise<Farm> {
    return this.#session.call((api, signal) => api.getFarm(signal));
  }

  deadLetters(): Promise<{ dead_letters: DeadLetter[] }> {
    return this.#session.call(async (api, signal) => ({ dead_letters: await api.listDeadLetters(signal) }));
  }

  /** Puts dead letters back into their queues and answers how many. */
  replay(): Promise<{ replayed: number }> {
    return this.#session.call(async (api, signal) => ({ replayed: await api.replayDeadLetters(signal) }));
  }

  /** Lets a worker finish its task and take no more, or take tasks again. */
  controlWorker(workerId: string, what: 'drain' | 'resume'): Promise<FarmWorker> {
    return this.#session.call((api, signal) => new AdminApi(api).controlWorker(workerId, what, signal));
  }

  /** Lets a stopped clean-up job go on. */
  allowJob(request: RetentionAllowRequest): Promise<RetentionAllowResponse> {
    return this.#session.call((api, signal) => new AdminApi(api).allowRetention(request, signal));
  }
}
