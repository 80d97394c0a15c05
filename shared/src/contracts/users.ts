import { z } from 'zod';
import { LIMITS } from './limits.ts';

export const roleSchema = z.enum(['creator', 'admin']).meta({ id: 'Role' });
export type Role = z.infer<typeof roleSchema>;

export const emailSchema = z
  .string()
  .trim()
  .toLowerCase()
  .max(254)
  .pipe(z.email('must be an e-mail address'));

export const registerRequestSchema = z
  .object({
    nickname: z.string().trim().min(1).max(LIMITS.nicknameCharacters),
    email: emailSchema,
    password: z.string().min(LIMITS.passwordCharacters.min).max(LIMITS.passwordCharacters.max),
  })
  .meta({ id: 'RegisterRequest' });
export type RegisterRequest = z.infer<typeof registerRequestSchema>;

export const userSchema = z
  .object({
    user_id: z.int(),
    nickname: z.string(),
    email: z.string(),
    role: roleSchema,
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'User' });
export type User = z.infer<typeof userSchema>;

export const registerResponseSchema = z.object({ user: userSchema }).meta({ id: 'RegisterResponse' });

export const loginRequestSchema = z
  .object({ email: emailSchema, password: z.string().min(1).max(LIMITS.passwordCharacters.max) })
  .meta({ id: 'LoginRequest' });

/** `expires_in` is in seconds. */
export const sessionSchema = z
  .object({ token: z.string(), refresh_token: z.string(), expires_in: z.int(), user: userSchema })
  .meta({ id: 'Session' });
export type Session = z.infer<typeof sessionSchema>;

export const refreshRequestSchema = z
  .object({ refresh_token: z.string().min(1).max(500) })
  .meta({ id: 'RefreshRequest' });
