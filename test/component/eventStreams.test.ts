import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { errorResponseSchema } from '@reelmill/shared/contracts/errors.ts';
import { DocumentedApi } from '../support/apiClient.ts';
import { waitFor } from '../support/processes.ts';
import { addQuickAccount } from '../support/quickAccount.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { beginMultipart } from '../support/uploads.ts';

const SIZE = 17_000_000;

describe('event streams', { timeout: 120_000 }, () => {
  const withServer = async (
    env: Record<string, string>,
    work: (server: TestServer, api: DocumentedApi) => Promise<void>,
  ): Promise<void> => {
    const server = await startTestServer({ env });
    try {
      await work(server, await DocumentedApi.of(server.url));
    } finally {
      await server.stop();
    }
  };
  const signUp = async (server: TestServer, api: DocumentedApi, name: string) =>
    api.logIn(await addQuickAccount(server.context.database.models, name));
  const open = async (url: string, token: string | undefined, address = '203.0.113.1') => {
    const gone = new AbortController();
    const response = await fetch(url, {
      headers: {
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        'X-Forwarded-For': address,
      },
      signal: gone.signal,
    });
    return { response, close: () => gone.abort() };
  };
  const refuse = async ({ response }: { response: Response }): Promise<void> => {
    assert.equal(response.status, 429);
    assert.ok(Number(response.headers.get('retry-after')) > 0);
    const { error } = errorResponseSchema.parse(await response.json());
    assert.equal(error.code, 'too_many_streams');
  };

  test('limits the streams of a user, releases one that is closed, and does not affect others', async () => {
    const env = { EVENT_STREAMS_PER_USER: '3', TRUST_PROXY: '1' };
    await withServer(env, async (server, api) => {
      const [ann, bob] = [await signUp(server, api, 'ann'), await signUp(server, api, 'bob')];
      const urlOf = async (user: typeof ann): Promise<string> =>
        `${server.url}/api/v1/videos/${(await beginMultipart(user, SIZE)).videoId}/events`;
      const [url, bobs] = [await urlOf(ann), await urlOf(bob)];
      const streams = [];
      // wherever they come from
      for (let count = 0; count < 3; count += 1) {
        streams.push(await open(url, ann.token, `203.0.113.${count + 1}`));
      }
      assert.ok(streams.every(({ response }) => response.status === 200));
      await refuse(await open(url, ann.token, '203.0.113.9'));
      const other = await open(bobs, bob.token);
      assert.equal(other.response.status, 200);
      other.close();
      streams[0]?.close();
      await waitFor('a stream to be free', async () => {
        const again = await open(url, ann.token);
        const { status } = again.response;
        again.close();
        return status === 200;
      });
      // what is refused for another reason takes none
      for (let count = 0; count < 5; count += 1) {
        assert.equal(
          (await open(`${server.url}/api/v1/videos/999999/events`, bob.token)).response.status,
          404,
        );
      }
      const still = await open(bobs, bob.token);
      assert.equal(still.response.status, 200);
      for (const stream of [...streams, still]) stream.close();
    });
  });

  for (const [name, env, addresses] of [
    ['an address', { EVENT_STREAMS_PER_ADDRESS: '4' }, ['203.0.113.1']],
    ['a server', { EVENT_STREAMS: '4' }, ['203.0.113.1', '203.0.113.2', '203.0.113.3']],
  ] as const) {
    test(`${name} has so many at once, guests and users together`, async () => {
      await withServer({ ...env, TRUST_PROXY: '1' }, async (server, api) => {
        const ann = await signUp(server, api, 'ann');
        const { videoId } = await beginMultipart(ann, SIZE);
        await ann.call('PATCH', `/videos/${videoId}`, { body: { visibility: 'public' } });
        const url = `${server.url}/api/v1/videos/${videoId}/events`;
        const streams = [];
        for (let count = 0; count < 4; count += 1) {
          const address = addresses[count % addresses.length] ?? '';
          streams.push(await open(url, count % 2 === 0 ? undefined : ann.token, address));
        }
        assert.ok(streams.every(({ response }) => response.status === 200));
        await refuse(await open(url, undefined, addresses[0]));
        await refuse(await open(url, ann.token, addresses[0]));
        const elsewhere = await open(url, undefined, '198.51.100.1');
        if (name === 'a server') await refuse(elsewhere);
        else assert.equal(elsewhere.response.status, 200);
        // the video itself is to be had all the same
        assert.equal((await api.call('GET', `/videos/${videoId}`)).status, 200);
        for (const stream of [...streams, elsewhere]) stream.close();
      });
    });
  }
});
