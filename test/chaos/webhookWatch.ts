import { type WebhookMessage, webhookMessageSchema } from '@reelmill/shared/contracts/webhooks.ts';
import { type Received, startWebhookReceiver } from '../support/webhookReceiver.ts';
import type { Creator } from './creator.ts';
import type { Random } from './random.ts';
import type { Upload } from './uploads.ts';
import type { Violations } from './violations.ts';

/** The share of requests that the receiver fails, so that a message is retried. */
const REFUSED = 0.05;

/** The webhook messages that the creators' programs receive about their videos. */
export interface WebhookWatch {
  /** The messages that were accepted so far, as `video.online 7`. */
  reported(): Set<string>;
  /** Compares the messages with what became of the uploads. */
  check(uploads: readonly Upload[], violations: Violations): void;
  close(): Promise<void>;
}

export async function watchWebhooks(creators: readonly Creator[], random: Random): Promise<WebhookWatch> {
  const receiver = await startWebhookReceiver();
  const taken: Received[] = [];
  receiver.respondWith((response, request) => {
    const refused = random.chance(REFUSED);
    if (!refused) taken.push(request);
    response.writeHead(refused ? 500 : 204).end();
  });
  for (const [owner, creator] of creators.entries()) {
    const reply = await creator.call('POST', '/webhooks', { url: `${receiver.url}/${owner}` });
    if (reply.status !== 201) throw new Error(`webhook: ${reply.status} ${JSON.stringify(reply.body)}`);
  }
  return {
    reported: () => new Set(readMessages(taken).map(({ type, data }) => `${type} ${data.video?.id}`)),
    check(uploads, violations) {
      const messages = readMessages(taken);
      for (const upload of uploads) {
        // the same message may come several times, each time with its own id
        const idsOf = (type: string): Set<string> =>
          new Set(
            messages
              .filter((one) => one.type === type && one.data.video?.title.split(' ')[0] === upload.name)
              .map(({ id }) => id),
          );
        const [online, failed] = [idsOf('video.online').size, idsOf('video.failed').size];
        const report = (what: string): void => violations.add('webhooks', what, { upload });
        if (upload.bad === null && failed > 0) report(`its owner received ${failed} messages that it failed`);
        if (online > 1) report(`its owner received ${online} messages that it is online`);
        if (upload.acceptedAt === null || upload.acknowledged === 'deleted') continue;
        if (upload.bad !== null && failed !== 1)
          report(`its owner received ${failed} messages that it failed`);
        const canceled = upload.acknowledged === 'canceled';
        if (upload.bad === null && !canceled && online === 0)
          report('its owner received no message that it is online');
        if (canceled && upload.action === 'cancel' && online > 0)
          report('its owner received a message that it is online');
      }
    },
    close: () => receiver.close(),
  };
}

function readMessages(received: readonly Received[]): WebhookMessage[] {
  return received.map(({ body }) => webhookMessageSchema.parse(JSON.parse(body)));
}
