import {
  retentionAllowRequestSchema,
  retentionAllowResponseSchema,
  retentionRunRequestSchema,
  retentionRunResponseSchema,
  retentionSchema,
} from '@reelmill/shared/contracts/retention.ts';
import { actorOf, recordAuditEvent } from '../audit/auditLog.ts';
import type { ServerContext } from '../context/serverContext.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { allowJob } from './allow.ts';
import { RETENTION_JOBS } from './registry.ts';
import { dryRun, runByHand } from './run.ts';
import { serializeRetention } from './serializeRetention.ts';

const tag = 'Administration';

export function createRetentionRoutes(context: ServerContext): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/admin/retention',
      tag,
      summary: 'The retention jobs',
      description:
        'Each job with what it would remove now and what came of its last run. Jobs that list the store show ' +
        'what they would remove in a dry run only.',
      auth: 'admin',
      response: { status: 200, description: 'The jobs', schema: retentionSchema },
      handle: () => serializeRetention(context),
    }),
    defineRoute({
      method: 'post',
      path: '/admin/retention/run',
      tag,
      summary: 'Run a retention job now, or see what it would remove',
      description:
        'Responds within a few seconds; where `next_position` is a number there is more, and the call is repeated with ' +
        'it as `position`. Nothing is removed unless `dry_run` is false.',
      auth: 'admin',
      body: retentionRunRequestSchema,
      response: {
        status: 200,
        description: 'What was, or would be, removed',
        schema: retentionRunResponseSchema,
      },
      errors: ['state_conflict', 'retention_stopped'],
      async handle({ body, signal, ...requestContext }) {
        const job = RETENTION_JOBS[body.job];
        const { result, nextPosition } = body.dry_run
          ? await dryRun(context, job, body.position)
          : await runByHand(context, job, body.position, AbortSignal.any([signal, context.stopping]));
        if (!body.dry_run) {
          const { items, objects, bytes, failed } = result;
          await recordAuditEvent(context.database.models, actorOf(requestContext), {
            action: 'retention.run',
            target: { kind: 'retention', id: body.job },
            details: { items, objects, bytes, failed },
          });
        }
        return { job: body.job, dry_run: body.dry_run, result, next_position: nextPosition };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/admin/retention/allow',
      tag,
      summary: 'Let a stopped job continue',
      description:
        'A job that would remove more than is plausible waits until an admin allows it: it may remove what was counted, ' +
        'within a week. Where it is stopped because of a clock, this says that the clock is right.',
      auth: 'admin',
      body: retentionAllowRequestSchema,
      response: { status: 200, description: 'What is allowed', schema: retentionAllowResponseSchema },
      errors: ['state_conflict'],
      handle: async ({ body, ...requestContext }) => ({
        job: body.job,
        allowance: await allowJob(context, body, actorOf(requestContext)),
      }),
    }),
  ];
}
