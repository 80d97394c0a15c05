import {
  type DeadLetter,
  deadLetterListSchema,
  discardResponseSchema,
  type FarmWorker,
  farmTaskSchema,
  farmWorkerSchema,
  replayResponseSchema,
} from '@reelmill/shared/contracts/admin.ts';
import {
  type AdminUser,
  type AdminUserCreate,
  type AdminUserList,
  type AdminUserPassword,
  type AdminUserQuery,
  type AdminUserUpdate,
  adminUserListSchema,
  adminUserPasswordSchema,
  adminUserSchema,
} from '@reelmill/shared/contracts/adminUsers.ts';
import {
  type AdminVideo,
  type AdminVideoList,
  type AdminVideoQuery,
  adminVideoListSchema,
  adminVideoSchema,
} from '@reelmill/shared/contracts/adminVideos.ts';
import { type AuditList, type AuditQuery, auditListSchema } from '@reelmill/shared/contracts/audit.ts';
import {
  type Retention,
  type RetentionAllowRequest,
  type RetentionAllowResponse,
  type RetentionRunRequest,
  type RetentionRunResponse,
  retentionAllowResponseSchema,
  retentionRunResponseSchema,
  retentionSchema,
} from '@reelmill/shared/contracts/retention.ts';
import type { Priority } from '@reelmill/shared/contracts/videos.ts';
import type { z } from 'zod';
import { type ApiClient, toQuery } from './apiClient.ts';

/** One page of a job may list much of the store. */
const RETENTION_TIMEOUT_MS = 180_000;

/** Which dead letters: these, or the oldest ones. */
export type LetterChoice = { ids: readonly string[] } | { limit: number };
type FarmTask = z.infer<typeof farmTaskSchema>;

/** The calls for admins: one per method, no retries. Throws `forbidden` for everybody else. */
export class AdminApi {
  readonly #api: ApiClient;

  constructor(api: ApiClient) {
    this.#api = api;
  }

  listUsers(query: Partial<AdminUserQuery>, signal: AbortSignal): Promise<AdminUserList> {
    return this.#api.request(
      { method: 'GET', path: `/admin/users?${toQuery(query)}`, signal },
      adminUserListSchema,
    );
  }

  createUser(
    user: Omit<AdminUserCreate, 'role'> & { role?: AdminUserCreate['role'] },
    signal: AbortSignal,
  ): Promise<AdminUserPassword> {
    return this.#api.request(
      { method: 'POST', path: '/admin/users', body: user, signal },
      adminUserPasswordSchema,
    );
  }

  updateUser(userId: number, change: AdminUserUpdate, signal: AbortSignal): Promise<AdminUser> {
    const path = `/admin/users/${userId}`;
    return this.#api.request({ method: 'PATCH', path, body: change, signal }, adminUserSchema);
  }

  /** Without a password the server generates one. */
  resetPassword(
    userId: number,
    password: string | undefined,
    signal: AbortSignal,
  ): Promise<AdminUserPassword> {
    const path = `/admin/users/${userId}/password`;
    return this.#api.request({ method: 'POST', path, body: { password }, signal }, adminUserPasswordSchema);
  }

  listVideos(query: Partial<AdminVideoQuery>, signal: AbortSignal): Promise<AdminVideoList> {
    return this.#api.request(
      { method: 'GET', path: `/admin/videos?${toQuery(query)}`, signal },
      adminVideoListSchema,
    );
  }

  setPriority(videoId: number, priority: Priority, signal: AbortSignal): Promise<AdminVideo> {
    const path = `/admin/videos/${videoId}`;
    return this.#api.request({ method: 'PATCH', path, body: { priority }, signal }, adminVideoSchema);
  }

  /** `drain`: the worker finishes its task and takes no more; `resume`: it takes tasks again. Returns its present state. */
  controlWorker(workerId: string, action: 'drain' | 'resume', signal: AbortSignal): Promise<FarmWorker> {
    const path = `/admin/workers/${encodeURIComponent(workerId)}/${action}`;
    return this.#api.request({ method: 'POST', path, signal }, farmWorkerSchema);
  }

  retryTask(taskId: number, signal: AbortSignal): Promise<FarmTask> {
    return this.#api.request(
      { method: 'POST', path: `/admin/tasks/${taskId}/retry`, signal },
      farmTaskSchema,
    );
  }

  async listDeadLetters(limit: number, signal: AbortSignal): Promise<DeadLetter[]> {
    const path = `/admin/dead-letters?limit=${limit}`;
    return (await this.#api.request({ method: 'GET', path, signal }, deadLetterListSchema)).dead_letters;
  }

  async replayDeadLetters(choice: LetterChoice, signal: AbortSignal): Promise<number> {
    const path = '/admin/dead-letters/replay';
    return (await this.#api.request({ method: 'POST', path, body: choice, signal }, replayResponseSchema))
      .replayed;
  }

  async discardDeadLetters(choice: LetterChoice, signal: AbortSignal): Promise<number> {
    const path = '/admin/dead-letters/discard';
    return (await this.#api.request({ method: 'POST', path, body: choice, signal }, discardResponseSchema))
      .discarded;
  }

  /** Lets a stopped job continue: it may remove what it counted, or its clock is right. */
  allowRetention(request: RetentionAllowRequest, signal: AbortSignal): Promise<RetentionAllowResponse> {
    const path = '/admin/retention/allow';
    return this.#api.request({ method: 'POST', path, body: request, signal }, retentionAllowResponseSchema);
  }

  listAudit(query: Partial<AuditQuery>, signal: AbortSignal): Promise<AuditList> {
    return this.#api.request(
      { method: 'GET', path: `/admin/audit?${toQuery(query)}`, signal },
      auditListSchema,
    );
  }

  getRetention(signal: AbortSignal): Promise<Retention> {
    return this.#api.request({ method: 'GET', path: '/admin/retention', signal }, retentionSchema);
  }

  /** Runs a job for some seconds; a dry run only reports what it would remove. */
  runRetention(request: RetentionRunRequest, signal: AbortSignal): Promise<RetentionRunResponse> {
    const call = { method: 'POST', path: '/admin/retention/run', body: request, signal } as const;
    return this.#api.request({ ...call, timeoutMs: RETENTION_TIMEOUT_MS }, retentionRunResponseSchema);
  }
}
