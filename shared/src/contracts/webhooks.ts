import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { anyOf, text } from './text.ts';
import { videoSchema } from './videos.ts';

/** The events that an endpoint can receive. */
export const webhookEventSchema = z.enum(['video.online', 'video.failed']).meta({ id: 'WebhookEvent' });
export type WebhookEvent = z.infer<typeof webhookEventSchema>;

export const webhookMessageTypeSchema = z
  .enum([...webhookEventSchema.options, 'webhook.test'])
  .meta({ id: 'WebhookMessageType' });
export type WebhookMessageType = z.infer<typeof webhookMessageTypeSchema>;

/** `own`: the videos of whoever registered the endpoint; `all`: everybody's, for admins. */
export const webhookScopeSchema = z.enum(['own', 'all']).meta({ id: 'WebhookScope' });
export type WebhookScope = z.infer<typeof webhookScopeSchema>;

export const webhookDeliveryStateSchema = z
  .enum(['pending', 'delivered', 'given_up'])
  .meta({ id: 'WebhookDeliveryState' });
export type WebhookDeliveryState = z.infer<typeof webhookDeliveryStateSchema>;

/** Writing an address as the URL standard does may add to it. */
const MAX_NORMALIZED_CHARACTERS = 2_048;
const url = z
  .string()
  .max(LIMITS.webhookUrlCharacters)
  .regex(
    /^[hH][tT][tT][pP][sS]?:\/\/[^\s/?#@\\]+([/?#]\S*)?$/,
    'must be an address without user name and password',
  )
  .pipe(z.url({ normalize: true }).max(MAX_NORMALIZED_CHARACTERS))
  .meta({ format: 'uri' });
const description = text({ max: LIMITS.webhookDescriptionCharacters });
const events = z
  .array(webhookEventSchema)
  .min(1)
  .transform((list) => [...new Set(list)]);

export const webhookCreateSchema = z
  .object({
    url,
    description: description.default(''),
    events: events.default([...webhookEventSchema.options]),
    scope: webhookScopeSchema.default('own'),
  })
  .meta({ id: 'WebhookCreate' });
export type WebhookCreate = z.infer<typeof webhookCreateSchema>;

export const webhookUpdateSchema = z
  .object({
    url: url.optional(),
    description: description.optional(),
    events: events.optional(),
    enabled: z.boolean().optional(),
  })
  .refine((patch) => Object.values(patch).some((value) => value !== undefined), 'nothing to change')
  .meta({ id: 'WebhookUpdate', ...anyOf('url', 'description', 'events', 'enabled') });
export type WebhookUpdate = z.infer<typeof webhookUpdateSchema>;

/** `failing_since` is when the first of the tries failed since which none has succeeded. */
export const webhookSchema = z
  .object({
    id: z.int(),
    user_id: z.int(),
    url: z.string(),
    description: z.string(),
    events: z.array(webhookEventSchema),
    scope: webhookScopeSchema,
    enabled: z.boolean(),
    disabled_reason: z.string().nullable(),
    failing_since: z.iso.datetime().nullable(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Webhook' });
export type Webhook = z.infer<typeof webhookSchema>;

export const webhookResponseSchema = z.object({ webhook: webhookSchema }).meta({ id: 'WebhookResponse' });

/** The only responses that carry a secret. */
export const webhookSecretResponseSchema = z
  .object({ webhook: webhookSchema, secret: z.string() })
  .meta({ id: 'WebhookSecretResponse' });

export const webhookListSchema = z
  .object({ webhooks: z.array(webhookSchema), total: z.int() })
  .meta({ id: 'WebhookList' });

/** `response` and `error` are of the last try; `next_attempt_at` is null once there is none to come. */
export const webhookDeliverySchema = z
  .object({
    id: z.int(),
    webhook_id: z.int(),
    message_id: z.string(),
    type: webhookMessageTypeSchema,
    video_id: z.int().nullable(),
    state: webhookDeliveryStateSchema,
    attempts: z.int(),
    next_attempt_at: z.iso.datetime().nullable(),
    response: z.object({ status: z.int(), excerpt: z.string() }).nullable(),
    duration_ms: z.int().nullable(),
    error: z.string().nullable(),
    created_at: z.iso.datetime(),
    delivered_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'WebhookDelivery' });
export type WebhookDelivery = z.infer<typeof webhookDeliverySchema>;

export const webhookDeliveryResponseSchema = z
  .object({ delivery: webhookDeliverySchema })
  .meta({ id: 'WebhookDeliveryResponse' });

export const webhookDeliveryListSchema = z
  .object({ deliveries: z.array(webhookDeliverySchema), total: z.int() })
  .meta({ id: 'WebhookDeliveryList' });

/**
 * A video without what is made for each response: what holds at that moment only, and signed addresses, which would be
 * kept in logs and outlive their use.
 */
export const webhookVideoSchema = videoSchema
  .omit({
    eta_seconds: true,
    waiting: true,
    cover_url: true,
    storyboard_url: true,
    playback_url: true,
    watch_url: true,
    legacy_link_until: true,
  })
  .meta({ id: 'WebhookVideo' });
export type WebhookVideo = z.infer<typeof webhookVideoSchema>;

/** The body of a delivery; `id` is the same in every try of it. A test's `video` is null. */
export const webhookMessageSchema = z
  .object({
    id: z.string(),
    type: webhookMessageTypeSchema,
    created_at: z.iso.datetime(),
    data: z.object({ video: webhookVideoSchema.nullable() }),
  })
  .meta({ id: 'WebhookMessage' });
export type WebhookMessage = z.infer<typeof webhookMessageSchema>;
