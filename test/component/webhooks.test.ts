import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, afterEach, before, describe, test } from 'node:test';
import { videoDetailSchema } from '@reelmill/shared/contracts/videos.ts';
import { webhookMessageSchema } from '@reelmill/shared/contracts/webhooks.ts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { failTranscode } from '../../server/src/transcode/lifecycle.ts';
import type { ApiUser, DocumentedApi } from '../support/apiClient.ts';
import { PretendTranscode } from '../support/pretendTranscode.ts';
import type { TestServer } from '../support/server.ts';
import { uploadSomething } from '../support/uploads.ts';
import { verify, type WebhookReceiver } from '../support/webhookReceiver.ts';
import { openWebhookStage, type WebhookStage } from '../support/webhookStage.ts';

describe('what webhooks are told', () => {
  let stage: WebhookStage;
  let server: TestServer;
  let api: DocumentedApi;
  let receiver: WebhookReceiver;
  let ann: ApiUser;
  let bob: ApiUser;
  let admin: ApiUser;
  before(async () => {
    stage = await openWebhookStage();
    ({ server, api, receiver, ann, bob, admin } = stage);
  });
  after(() => stage?.close());
  afterEach(() => stage.reset());

  test('sends an event for an online video, signed, with the fields of the API and without signed URLs', async () => {
    const { secret } = await stage.register(ann, '/online');
    const videoId = await stage.goOnline(ann);
    const request = await receiver.waitFor('/online');
    const message = webhookMessageSchema.parse(verify(secret, request));
    assert.equal(message.type, 'video.online');
    assert.equal(message.id, request.headers['webhook-id']);
    assert.equal(request.headers['content-type'], 'application/json');
    assert.match(request.headers['user-agent'] ?? '', /^Reelmill\//);
    const detail = (await ann.call('GET', `/videos/${videoId}`)).as(videoDetailSchema).video;
    const { eta_seconds, waiting, cover_url, storyboard_url, legacy_link_until, ...more } = detail;
    const { playback_url, watch_url, ...facts } = more;
    assert.ok(playback_url !== null && watch_url !== '');
    assert.deepEqual(message.data.video, facts);
    assert.doesNotMatch(request.body, /https?:|signature|sig=|token/);
  });

  test('sends an event for a failed video with the reason, without the diagnostics for admins', async () => {
    const { secret, id } = await stage.register(ann, '/failed');
    const videoId = await stage.fail(ann);
    const request = await receiver.waitFor('/failed');
    const message = webhookMessageSchema.parse(verify(secret, request));
    assert.equal(message.type, 'video.failed');
    assert.deepEqual(message.data.video?.error, { code: 'not_a_video', message: 'This is no video.' });
    assert.doesNotMatch(request.body, /srv/);
    const delivery = await stage.waitForDelivery(id, ({ state }) => state === 'delivered');
    assert.deepEqual([delivery.video_id, delivery.attempts, delivery.response?.status], [videoId, 1, 204]);
    assert.deepEqual([delivery.next_attempt_at, delivery.error], [null, null]);
  });

  test('the OpenAPI document describes the message, and the code of the documentation verifies it', async () => {
    const { secret, id } = await stage.register(ann, '/documented');
    await ann.call('POST', `/webhooks/${id}/test`);
    const request = await receiver.waitFor('/documented');
    const document: unknown = await (await fetch(`${server.url}/api/v1/openapi.json`)).json();
    const ajv = new Ajv2020({ strict: false, validateFormats: false }).addSchema(
      document as object,
      'openapi',
    );
    const validate = ajv.getSchema('openapi#/components/schemas/WebhookMessage');
    assert.ok(validate?.(JSON.parse(request.body)), ajv.errorsText(validate?.errors));
    assert.ok(!validate?.({ ...JSON.parse(request.body), type: 'video.strange' }));

    const text = await readFile(new URL('../../deploy/webhooks.md', import.meta.url), 'utf8');
    const blocks = text.split('```js\n').map((part) => part.split('\n```', 1).join(''));
    const code = blocks.find((block) => block.includes('function verify'));
    assert.ok(code);
    const url = `data:text/javascript,${encodeURIComponent(`${code}\nexport { verify };`)}`;
    const documented: { verify(secret: string, body: string, headers: object): boolean } = await import(url);
    assert.equal(documented.verify(secret, request.body, request.headers), true);
    assert.equal(documented.verify(secret, `${request.body} `, request.headers), false);
    const old = { ...request.headers, 'webhook-timestamp': '1700000000' };
    assert.equal(documented.verify(secret, request.body, old), false);
  });

  test('sends nothing for a change that is rolled back, and one event for each video', async () => {
    await stage.register(ann, '/once');
    const videoId = await uploadSomething(ann);
    const { database, metrics } = server.context;
    const failure = { code: 'internal', message: 'x' } as const;
    const failIt = (error?: Error) =>
      database.transaction(async (transaction) => {
        const video = await database.models.Video.findByPk(videoId, { transaction, rejectOnEmpty: true });
        const revoked = await failTranscode({
          models: database.models,
          transaction,
          video,
          failure,
          metrics,
        });
        if (error !== undefined) throw error;
        return revoked !== null;
      });
    await assert.rejects(failIt(new Error('rolled back')));
    assert.equal(await database.models.WebhookDelivery.count({ where: { videoId } }), 0);
    assert.deepEqual([await failIt(), await failIt()], [true, false]);
    assert.equal(await database.models.WebhookDelivery.count({ where: { videoId } }), 1);
  });

  test('users receive the selected events of their own videos; admins of all, with that scope', async () => {
    const annOnline = await stage.register(ann, '/ann', { events: ['video.online'] });
    const bobs = await stage.register(bob, '/bob');
    const all = await stage.register(admin, '/all', { scope: 'all' });
    const adminsOwn = await stage.register(admin, '/admins-own');
    const [online, failed] = [await stage.goOnline(ann), await stage.fail(ann)];
    await receiver.waitFor('/all', 2);
    await receiver.waitFor('/ann');
    const told = async ({ id }: { id: number }) =>
      (await stage.deliveriesOf(admin, id)).map(({ video_id }) => video_id).toReversed();
    assert.deepEqual(await told(annOnline), [online]);
    assert.deepEqual(await told(all), [online, failed]);
    assert.deepEqual([await told(bobs), await told(adminsOwn)], [[], []]);
    const refused = await bob.call('POST', '/webhooks', { body: { url: receiver.url, scope: 'all' } });
    assert.deepEqual([refused.status, refused.error.code], [403, 'forbidden']);
  });

  test('a disabled user, or one who is no longer an admin, receives nothing', async () => {
    const { models } = server.context.database;
    const boss = await api.signUp('deputy');
    await models.User.update({ role: 'admin' }, { where: { id: boss.userId } });
    const eve = await api.signUp('eve');
    const [all, own] = [
      await stage.register(admin, '/still', { scope: 'all' }),
      await stage.register(eve, '/eve'),
    ];
    await models.WebhookEndpoint.update({ userId: boss.userId }, { where: { id: all.id } });
    await models.User.update({ role: 'creator' }, { where: { id: boss.userId } });
    const videoId = await uploadSomething(eve);
    await models.User.update({ disabledAt: new Date() }, { where: { id: eve.userId } });
    await (await PretendTranscode.plan(server.context, videoId)).publish();
    assert.deepEqual(
      [await stage.deliveriesOf(admin, all.id), await stage.deliveriesOf(admin, own.id)],
      [[], []],
    );
  });
});
