import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RESOURCES } from './resources.ts';

/** Every text of a tree with its path, plurals of one without their suffix. */
function listTexts(tree: object, path = ''): Array<[path: string, text: string]> {
  return Object.entries(tree).flatMap(([key, value]): Array<[string, string]> => {
    const here = path === '' ? key : `${path}.${key}`;
    return typeof value === 'string' ? [[here, value]] : listTexts(value, here);
  });
}

function variablesOf(text: string): string[] {
  return [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? '').sort();
}

test('Chinese texts name the same variables as English ones', () => {
  const chinese = new Map(listTexts(RESOURCES['zh-CN']));
  for (const [path, text] of listTexts(RESOURCES.en)) {
    if (path.endsWith('_one')) continue;
    assert.deepEqual(variablesOf(chinese.get(path) ?? ''), variablesOf(text), path);
  }
});

test('no text is empty, and Chinese texts are in Chinese', () => {
  const english = listTexts(RESOURCES.en);
  const chinese = listTexts(RESOURCES['zh-CN']);
  assert.ok(english.length > 100);
  for (const [path, text] of [...english, ...chinese]) assert.notEqual(text.trim(), '', path);
  const spoken = chinese.filter(([, text]) => /\p{Script=Han}/u.test(text));
  assert.ok(spoken.length > chinese.length * 0.9, 'most Chinese texts are in Chinese');
});

test('a plural has both of its forms in English', () => {
  const paths = new Set(listTexts(RESOURCES.en).map(([path]) => path));
  for (const path of paths) {
    if (path.endsWith('_one')) assert.ok(paths.has(path.replace(/_one$/, '_other')), path);
    if (path.endsWith('_other')) assert.ok(paths.has(path.replace(/_other$/, '_one')), path);
  }
});
