import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { text } from './text.ts';

/** Everything that is written down about what admins do, and about who tries to become one. */
export const auditActionSchema = z
  .enum([
    'admin.create',
    'admin.login',
    'admin.login_failed',
    'admin.change_password',
    'user.create',
    'user.role',
    'user.disable',
    'user.enable',
    'user.quota',
    'user.reset_password',
    'video.update',
    'video.priority',
    'video.cancel',
    'video.retry',
    'video.renew_link',
    'video.delete',
    'task.retry',
    'worker.drain',
    'worker.resume',
    'dead_letter.replay',
    'dead_letter.discard',
    'webhook.create',
    'webhook.update',
    'webhook.rotate_secret',
    'webhook.delete',
    'retention.run',
    'retention.allow',
  ])
  .meta({ id: 'AuditAction' });
export type AuditAction = z.infer<typeof auditActionSchema>;

export const auditTargetKindSchema = z.enum([
  'user',
  'video',
  'task',
  'worker',
  'dead_letters',
  'webhook',
  'retention',
]);
export type AuditTargetKind = z.infer<typeof auditTargetKindSchema>;

const auditDetailsSchema = z.record(z.string(), z.unknown());
export type AuditDetails = z.infer<typeof auditDetailsSchema>;

/**
 * `actor` is null for the system itself and for commands on the server; its `user_id` is null for a failed login.
 * `details` depends on the action: what was changed, from what to what.
 */
export const auditEntrySchema = z
  .object({
    id: z.int(),
    at: z.iso.datetime(),
    actor: z.object({ user_id: z.int().nullable(), email: z.string() }).nullable(),
    action: auditActionSchema,
    target: z.object({ kind: auditTargetKindSchema, id: z.string().nullable() }).nullable(),
    details: auditDetailsSchema,
    request_id: z.string().nullable(),
    address: z.string().nullable(),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = z.infer<typeof auditEntrySchema>;

export const auditListSchema = z
  .object({ entries: z.array(auditEntrySchema), total: z.int() })
  .meta({ id: 'AuditList' });
export type AuditList = z.infer<typeof auditListSchema>;

export const auditQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(LIMITS.pageSize.max).default(LIMITS.pageSize.default),
  offset: z.coerce.number().int().min(0).default(0),
  action: auditActionSchema.optional(),
  /** Id of who did it. */
  actor: z.coerce.number().int().positive().optional(),
  target_kind: auditTargetKindSchema.optional(),
  target_id: text({ max: 100 }).optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
});
export type AuditQuery = z.infer<typeof auditQuerySchema>;
