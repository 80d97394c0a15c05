import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DocumentedApi } from '../support/apiClient.ts';
import { addQuickAccount } from '../support/quickAccount.ts';
import { runSchemathesis } from '../support/schemathesis.ts';
import { startTestServer } from '../support/server.ts';
import { beginMultipart, beginSingle, uploadSomething } from '../support/uploads.ts';

const ADMIN = { email: 'boss@example.org', password: 'the password of the boss' };
const ENV = {
  ADMIN_EMAIL: ADMIN.email,
  ADMIN_PASSWORD: ADMIN.password,
  API_CALLS_PER_SECOND: '0',
  SIGN_INS_PER_MINUTE: '0',
  REGISTRATIONS_PER_HOUR: '0',
  UNFINISHED_UPLOADS_PER_HOUR: '0',
  WEBHOOK_ALLOW_HTTP: 'true',
};
/** Ids up to here are those of other accounts: small ids are guessed often, and whoever disables themselves is out. */
const OTHER_ACCOUNTS = 20;

test('generated requests, valid and invalid, get responses that match the document', async () => {
  const server = await startTestServer({ env: ENV });
  try {
    const { models } = server.context.database;
    for (let count = 1; count < OTHER_ACCOUNTS; count += 1) await addQuickAccount(models, `other-${count}`);
    const account = await addQuickAccount(models, 'tester');
    await models.User.update({ role: 'admin' }, { where: { email: account.email } });
    const tester = await (await DocumentedApi.of(server.url)).logIn(account);
    await prepareVideos(tester);
    const { clean, output } = await runSchemathesis(server.url, {
      token: tester.token,
      seed: 12,
      maxExamples: 6,
    });
    assert.ok(clean, output);
    assert.match(output, /Selected: (\d+)\/\d+\n\s+Tested: \1\n/, 'every operation was tested');
    assert.doesNotMatch(output, /Authentication failed/);
  } finally {
    await server.stop();
  }

  async function prepareVideos(tester: Parameters<typeof uploadSomething>[0]): Promise<void> {
    await uploadSomething(tester);
    await beginSingle(tester);
    await beginMultipart(tester, 10);
    const failed = await uploadSomething(tester);
    const { models } = server.context.database;
    await models.Video.update({ status: 'failed', phase: null }, { where: { id: failed } });
  }
});
