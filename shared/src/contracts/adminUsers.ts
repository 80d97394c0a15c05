import { z } from 'zod';
import { pageQuerySchema } from './admin.ts';
import { text } from './text.ts';
import {
  emailSchema,
  newPasswordSchema,
  nicknameSchema,
  quotaUseSchema,
  roleSchema,
  userSchema,
} from './users.ts';

export const adminUserSchema = userSchema
  .extend({ disabled: z.boolean(), video_count: z.int(), quota: quotaUseSchema })
  .meta({ id: 'AdminUser' });
export type AdminUser = z.infer<typeof adminUserSchema>;

export const adminUserListSchema = z
  .object({ users: z.array(adminUserSchema), total: z.int() })
  .meta({ id: 'AdminUserList' });
export type AdminUserList = z.infer<typeof adminUserListSchema>;

const flagSchema = z.enum(['true', 'false']).transform((value) => value === 'true');

export const adminUserQuerySchema = pageQuerySchema.extend({
  /** Part of the e-mail address or the nickname, in any case. */
  search: text({ max: 100 }).optional(),
  role: roleSchema.optional(),
  disabled: flagSchema.optional(),
});
export type AdminUserQuery = z.infer<typeof adminUserQuerySchema>;

/** `default` is the limit of the server's configuration, `unlimited` no limit whatever that is. */
const quotaSchema = z.union([z.int().min(0), z.enum(['default', 'unlimited'])]);
export const quotaUpdateSchema = z
  .object({
    bytes: quotaSchema.optional(),
    videos: quotaSchema.optional(),
    running_tasks: quotaSchema.optional(),
    queued_minutes: quotaSchema.optional(),
    daily_minutes: quotaSchema.optional(),
  })
  .meta({ id: 'QuotaUpdate' });
export type QuotaUpdate = z.infer<typeof quotaUpdateSchema>;

export const adminUserUpdateSchema = z
  .object({
    role: roleSchema.optional(),
    disabled: z.boolean().optional(),
    quota: quotaUpdateSchema.optional(),
  })
  .meta({ id: 'AdminUserUpdate' });
export type AdminUserUpdate = z.infer<typeof adminUserUpdateSchema>;

/** Without a password one is made; without a nickname it is the part of the address before the @. */
export const adminUserCreateSchema = z
  .object({
    email: emailSchema,
    nickname: nicknameSchema.optional(),
    password: newPasswordSchema.optional(),
    role: roleSchema.default('creator'),
    quota: quotaUpdateSchema.optional(),
  })
  .meta({ id: 'AdminUserCreate' });
export type AdminUserCreate = z.infer<typeof adminUserCreateSchema>;

export const passwordResetSchema = z
  .object({ password: newPasswordSchema.optional() })
  .meta({ id: 'PasswordReset' });

/** `password` is the generated one, in this response only; null where the request had one. */
export const adminUserPasswordSchema = z
  .object({ user: adminUserSchema, password: z.string().nullable() })
  .meta({ id: 'AdminUserPassword' });
export type AdminUserPassword = z.infer<typeof adminUserPasswordSchema>;
