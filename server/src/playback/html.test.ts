import assert from 'node:assert/strict';
import { test } from 'node:test';
import { html } from './html.ts';

test('values are escaped, markup is not', () => {
  const title = `<script>alert("1 & 2")</script>'`;
  assert.equal(
    html`<h1 title="${title}">${html`<b>${title}</b>`}</h1>`.text,
    '<h1 title="&lt;script&gt;alert(&quot;1 &amp; 2&quot;)&lt;/script&gt;&#39;"><b>&lt;script&gt;alert(&quot;1 &amp; 2&quot;)&lt;/script&gt;&#39;</b></h1>',
  );
});

test('formats numbers, and an empty string as nothing', () => {
  assert.equal(html`${7}${''}`.text, '7');
});
