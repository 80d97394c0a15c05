import {
  deadLetterListSchema,
  discardRequestSchema,
  discardResponseSchema,
  farmSchema,
  farmTaskSchema,
  farmWorkerSchema,
  pageQuerySchema,
  replayRequestSchema,
  replayResponseSchema,
} from '@reelmill/shared/contracts/admin.ts';
import { text } from '@reelmill/shared/contracts/text.ts';
import { z } from 'zod';
import { retryTask } from '../admin/videoAdministration.ts';
import { actorOf } from '../audit/auditLog.ts';
import type { ServerContext } from '../context/serverContext.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { discardDeadLetters, replayDeadLetters } from './deadLetters.ts';
import { readFarm, serializeTask } from './farm.ts';
import { requestWorkerState } from './workerControl.ts';

const tag = 'Administration';
const workerParams = z.object({ id: text({ min: 1, max: 100 }) });

export function createAdminFarmRoutes(context: ServerContext): Route[] {
  return [...createWatchingRoutes(context), ...createDeadLetterRoutes(context)];
}

function createWatchingRoutes(context: ServerContext): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/admin/farm',
      tag,
      summary: 'Queue, workers and tasks',
      description:
        'With the time until all planned work is done, and how many workers would do it in ten minutes.',
      auth: 'admin',
      response: { status: 200, description: 'The farm', schema: farmSchema },
      handle: () => readFarm(context),
    }),
    defineRoute({
      method: 'post',
      path: '/admin/workers/{id}/drain',
      tag,
      summary: 'Let a worker finish its task and take no more',
      description:
        'It is `draining`, then `drained`, and stays so until it is resumed or its process is started anew.',
      auth: 'admin',
      params: workerParams,
      response: { status: 202, description: 'The worker, which is being asked', schema: farmWorkerSchema },
      errors: ['not_found', 'state_conflict'],
      handle: ({ params: { id }, ...requestContext }) =>
        requestWorkerState(context, id, 'drained', actorOf(requestContext)),
    }),
    defineRoute({
      method: 'post',
      path: '/admin/workers/{id}/resume',
      tag,
      summary: 'Let a drained worker take tasks again',
      auth: 'admin',
      params: workerParams,
      response: { status: 202, description: 'The worker, which is being asked', schema: farmWorkerSchema },
      errors: ['not_found', 'state_conflict'],
      handle: ({ params: { id }, ...requestContext }) =>
        requestWorkerState(context, id, 'working', actorOf(requestContext)),
    }),
    defineRoute({
      method: 'post',
      path: '/admin/tasks/{id}/retry',
      tag,
      summary: 'Retry a task at once',
      description:
        'One that waits for its next attempt, or one that failed while its video continues without it (pictures, sound). A ' +
        'video that failed is retried as a whole.',
      auth: 'admin',
      params: z.object({ id: z.coerce.number().int().positive() }),
      response: { status: 202, description: 'The task, pending', schema: farmTaskSchema },
      errors: ['not_found', 'state_conflict'],
      handle: async ({ params: { id }, ...requestContext }) =>
        serializeTask(await retryTask(context, id, actorOf(requestContext))),
    }),
  ];
}

function createDeadLetterRoutes(context: ServerContext): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/admin/dead-letters',
      tag,
      summary: 'Messages that nobody could handle',
      auth: 'admin',
      query: pageQuerySchema.pick({ limit: true }),
      response: { status: 200, description: 'The oldest ones', schema: deadLetterListSchema },
      handle: async ({ query }) => ({ dead_letters: await context.queue.peekDeadLetters(query.limit) }),
    }),
    defineRoute({
      method: 'post',
      path: '/admin/dead-letters/replay',
      tag,
      summary: 'Put dead letters back where they came from',
      auth: 'admin',
      body: replayRequestSchema,
      response: { status: 200, description: 'How many', schema: replayResponseSchema },
      handle: async ({ body, ...requestContext }) => ({
        replayed: await replayDeadLetters(context, body, actorOf(requestContext)),
      }),
    }),
    defineRoute({
      method: 'post',
      path: '/admin/dead-letters/discard',
      tag,
      summary: 'Remove dead letters for good',
      description:
        'Nothing is lost but the message: its task is in the database, and is published again by itself.',
      auth: 'admin',
      body: discardRequestSchema,
      response: { status: 200, description: 'How many', schema: discardResponseSchema },
      handle: async ({ body, ...requestContext }) => ({
        discarded: await discardDeadLetters(context, body, actorOf(requestContext)),
      }),
    }),
  ];
}
