import assert from 'node:assert/strict';
import { test } from 'node:test';
import { main as english } from '../i18n/en/main.ts';
import { main as chinese } from '../i18n/zh-CN/main.ts';
import { chooseLanguage, translate } from './i18n.ts';

test('the language is the one chosen, otherwise the first of the system that there are texts in', () => {
  assert.equal(chooseLanguage('en', ['zh-CN']), 'en');
  assert.equal(chooseLanguage('zh-CN', ['en-GB']), 'zh-CN');
  assert.equal(chooseLanguage('system', ['zh-Hans-CN', 'en-US']), 'zh-CN');
  assert.equal(chooseLanguage('system', ['zh_TW'.replace('_', '-')]), 'zh-CN');
  assert.equal(chooseLanguage('system', ['de-DE', 'zh-CN', 'en']), 'zh-CN');
  assert.equal(chooseLanguage('system', ['de-DE', 'en-US', 'zh-CN']), 'en');
  assert.equal(chooseLanguage('system', ['de-DE']), 'en');
  assert.equal(chooseLanguage('system', []), 'en');
});

test('counts choose the plural form, and values stand as they are', () => {
  const en = translate('en');
  assert.equal(en('notification.onlineMany', { count: 1 }), '1 video online');
  assert.equal(en('notification.onlineMany', { count: 3 }), '3 videos online');
  assert.equal(en('notification.onlineBody', { title: 'A & <B>' }), '“A & <B>” is ready to watch.');
  assert.equal(translate('zh-CN')('notification.onlineMany', { count: 1 }), '1 个视频已上线');
});

/** Each text with its key, plurals under their base. */
function flatten(texts: object, prefix = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(texts)) {
    if (typeof value === 'string') found.set(prefix + key.replace(/_(one|other)$/, ''), value);
    else for (const [inner, text] of flatten(value, `${prefix}${key}.`)) found.set(inner, text);
  }
  return found;
}

test('both languages say the same things with the same values', () => {
  const placeholders = (text: string): string[] =>
    [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([one]) => one).sort();
  const translated = flatten(chinese);
  for (const [key, text] of flatten(english)) {
    const other = translated.get(key);
    assert.ok(other !== undefined, key);
    assert.deepEqual(placeholders(other), placeholders(text), key);
    translated.delete(key);
  }
  assert.deepEqual([...translated.keys()], []);
});
