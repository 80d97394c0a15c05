import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { findAnchors, findBrokenLinks, findDocuments } from './documentLinks.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

test('every link, anchor and path in the documents leads somewhere', () => {
  const documents = findDocuments(ROOT);
  for (const known of [
    'README.md',
    'CONTRIBUTING.md',
    'docs/architecture.md',
    'deploy/kubernetes/README.md',
  ]) {
    assert.ok(documents.includes(known), `${known} is among ${documents.length} documents`);
  }
  assert.deepEqual(
    documents.flatMap((document) => findBrokenLinks(ROOT, document)),
    [],
  );
});

test('finds links, anchors, pictures and named paths that lead nowhere', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'reelmill-links-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(path.join(folder, 'docs'));
  writeFileSync(path.join(folder, 'README.md'), '# One `two` & three\n\n```sh\n# no heading\n```\n');
  writeFileSync(
    path.join(folder, 'docs/page.md'),
    [
      '[good](../README.md), [good](../README.md#one-two--three), [far](https://example.org/none), [here](#page)',
      '[gone](gone.md) ![gone](gone.png "a title") [gone](../README.md#no-heading) <img src="gone.svg">',
      '`docs/page.md` `docs/` `docs/gone.ts` `docs/**/*.ts` `[code](gone.md)`',
      '# Page',
      '```sh\ncat docs/gone.ts [fenced](gone.md)\n```',
    ].join('\n\n'),
  );
  assert.deepEqual(findDocuments(folder), ['README.md', 'docs/page.md']);
  assert.deepEqual(findBrokenLinks(folder, 'README.md'), []);
  assert.deepEqual(
    findBrokenLinks(folder, 'docs/page.md'),
    ['gone.md', 'gone.png', '../README.md#no-heading', 'gone.svg', 'docs/gone.ts'].map(
      (target) => `docs/page.md: ${target}`,
    ),
  );
});

test('numbers headings of the same name', () => {
  assert.deepEqual([...findAnchors('# A\n\n## A\n\n## [B](b.md), c\n')], ['a', 'a-1', 'b-c']);
});
