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

  /** Moves dead letters back to their queues and returns how many. */
  replay(): Promise<{ replayed: number }> {
    return this.#session.call(async (api, signal) => ({ replayed: await api.replayDeadLetters(signal) }));
  }

  /** `drain`: the worker finishes its task and takes no more; `resume`: it takes tasks again. Returns its present state. */
  controlWorker(workerId: string, action: 'drain' | 'resume'): Promise<FarmWorker> {
    return this.#session.call((api, signal) => new AdminApi(api).controlWorker(workerId, action, signal));
  }

  /** Lets a stopped cleanup job continue. */
  allowJob(request: RetentionAllowRequest): Promise<RetentionAllowResponse> {
    return this.#session.call((api, signal) => new AdminApi(api).allowRetention(request, signal));
  }
}
