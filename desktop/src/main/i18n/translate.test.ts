import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseLanguage, errorMessage, translate } from './translate.ts';

test('uses the chosen language, otherwise the first supported one of the system', () => {
  assert.equal(chooseLanguage('en', ['zh-CN']), 'en');
  assert.equal(chooseLanguage('zh-CN', ['en-GB']), 'zh-CN');
  assert.equal(chooseLanguage('system', ['zh-Hans-CN', 'en-US']), 'zh-CN');
  assert.equal(chooseLanguage('system', ['zh_TW'.replace('_', '-')]), 'zh-CN');
  assert.equal(chooseLanguage('system', ['de-DE', 'zh-CN', 'en']), 'zh-CN');
  assert.equal(chooseLanguage('system', ['de-DE', 'en-US', 'zh-CN']), 'en');
  assert.equal(chooseLanguage('system', ['de-DE']), 'en');
  assert.equal(chooseLanguage('system', []), 'en');
});

test('selects the plural form by count, and does not escape values', () => {
  const en = translate('en');
  assert.equal(en('notification.onlineMany', { count: 1 }), '1 video online');
  assert.equal(en('notification.onlineMany', { count: 3 }), '3 videos online');
  assert.equal(en('notification.onlineBody', { title: 'A & <B>' }), '“A & <B>” is ready to watch.');
  assert.equal(translate('zh-CN')('notification.onlineMany', { count: 1 }), '1 个视频已上线');
});

test("shows an error in the language of the app, or the server's message without a text for it", () => {
  const failure = { code: 'network', message: 'connect ECONNREFUSED' } as const;
  assert.notEqual(errorMessage('en', failure), failure.message);
  assert.match(errorMessage('zh-CN', failure), /\p{Script=Han}/u);
  const unworded = { code: 'validation_failed', message: 'title: is too long' } as const;
  assert.equal(errorMessage('zh-CN', unworded), unworded.message);
});
