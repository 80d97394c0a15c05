import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { text } from './text.ts';

export const roleSchema = z.enum(['creator', 'admin']).meta({ id: 'Role' });
export type Role = z.infer<typeof roleSchema>;

export const emailSchema = z
  .string()
  .trim()
  .toLowerCase()
  .max(254)
  .pipe(z.email('must be an e-mail address'))
  .meta({ format: 'email', pattern: `^\\s*${z.regexes.email.source.slice(1, -1)}\\s*$` });

export const nicknameSchema = text({ min: 1, max: LIMITS.nicknameCharacters });
export const newPasswordSchema = z
  .string()
  .min(LIMITS.passwordCharacters.min)
  .max(LIMITS.passwordCharacters.max);

export const registerRequestSchema = z
  .object({ nickname: nicknameSchema, email: emailSchema, password: newPasswordSchema })
  .meta({ id: 'RegisterRequest' });
export type RegisterRequest = z.infer<typeof registerRequestSchema>;

export const userSchema = z
  .object({
    user_id: z.int(),
    nickname: z.string(),
    email: z.string(),
    role: roleSchema,
    /** Somebody else knows the password, so its owner should choose another. */
    password_temporary: z.boolean().default(false),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'User' });
export type User = z.infer<typeof userSchema>;

const useSchema = z.object({ used: z.int(), limit: z.int().nullable() });

/**
 * What one has and may have; a limit of null is none. Bytes are those of the sources that are kept. A server of an earlier
 * version does not send the last three.
 */
export const quotaUseSchema = z
  .object({
    bytes: useSchema,
    videos: useSchema,
    /** Tasks that are queued or running. */
    running_tasks: useSchema.optional(),
    /** Minutes of video that are planned and not finished. */
    queued_minutes: useSchema.optional(),
    /** Minutes of video that were planned in the last 24 hours. */
    daily_minutes: useSchema.optional(),
  })
  .meta({ id: 'QuotaUse' });
export type QuotaUse = z.infer<typeof quotaUseSchema>;

/** `GET /me`. A server of an earlier version sends no quotas. */
export const meSchema = userSchema.extend({ quota: quotaUseSchema.optional() }).meta({ id: 'Me' });
export type Me = z.infer<typeof meSchema>;

export const registerResponseSchema = z.object({ user: userSchema }).meta({ id: 'RegisterResponse' });

/**
 * What a client sends of the device that it runs on: the `device_token` of an earlier session of the same account, or
 * null to get one. A client that leaves it out, as a script may, gets none.
 */
const deviceTokenSchema = z.string().max(200).nullable().optional();

export const loginRequestSchema = z
  .object({
    email: emailSchema,
    password: z.string().min(1).max(LIMITS.passwordCharacters.max),
    device_token: deviceTokenSchema,
  })
  .meta({ id: 'LoginRequest' });

export const passwordChangeSchema = z
  .object({
    current_password: z.string().min(1).max(LIMITS.passwordCharacters.max),
    new_password: newPasswordSchema,
    device_token: deviceTokenSchema,
  })
  .meta({ id: 'PasswordChange' });

/** `expires_in` is in seconds. */
export const sessionSchema = z
  .object({
    token: z.string(),
    refresh_token: z.string(),
    expires_in: z.int(),
    user: userSchema,
    /** Sent along with later logins, it lets this device in while others are guessing at the password. */
    device_token: z.string().optional(),
  })
  .meta({ id: 'Session' });
export type Session = z.infer<typeof sessionSchema>;

export const refreshRequestSchema = z
  .object({ refresh_token: z.string().min(1).max(500) })
  .meta({ id: 'RefreshRequest' });
