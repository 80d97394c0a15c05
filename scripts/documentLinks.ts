/** What the documents of the repository point to: links with their anchors, and paths that are named as code. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Folders that are made, not written. */
const SKIPPED = new Set(['node_modules', 'dist', 'out', 'data', '.dev', '.results', '.git']);
const FENCED = /^( *)(```|~~~)[^\n]*\n.*?^\1\2[^\n]*$/gms;
const CODE = /`([^`\n]+)`/g;
const LINK = /\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|\b(?:src|href)="([^"]+)"/g;
const OTHER_PLACE = /^[a-z][a-z0-9+.-]*:|^\/\//i;
const NAMED_PATH = /^(?:shared|server|worker|desktop|test|scripts|deploy|docs|\.ci|\.github)\/[\w./-]*\w\/?$/;

/** Returns the paths of all documents below `root`, relative to it. */
export function findDocuments(root: string): string[] {
  return globSync('{*,.github/**/*,!(node_modules)/**/*}.md', {
    cwd: root,
    exclude: (name) => SKIPPED.has(path.basename(name)),
  }).sort();
}

/** Returns a line for each thing that a document (its path, relative to `root`) points to and that is not there. */
export function findBrokenLinks(root: string, document: string): string[] {
  const text = readFileSync(path.join(root, document), 'utf8').replace(FENCED, '');
  const links = [...text.replace(CODE, '').matchAll(LINK)].map(([, link, source]) => link ?? source ?? '');
  const named = [...text.matchAll(CODE)].flatMap(([, code = '']) => (NAMED_PATH.test(code) ? [code] : []));
  return [
    ...links.filter((link) => !OTHER_PLACE.test(link) && !leadsSomewhere(root, document, link)),
    ...named.filter((name) => !existsSync(path.join(root, name))),
  ].map((target) => `${document}: ${target}`);
}

function leadsSomewhere(root: string, document: string, link: string): boolean {
  const [file = '', anchor] = decodeURIComponent(link).split('#');
  const target = file === '' ? path.join(root, document) : path.join(root, path.dirname(document), file);
  if (!existsSync(target)) return false;
  return !anchor || !target.endsWith('.md') || findAnchors(readFileSync(target, 'utf8')).has(anchor);
}

/** Returns the anchors of a document's headings as GitHub makes them; the second of the same name ends with `-1`. */
export function findAnchors(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of markdown.replace(FENCED, '').matchAll(/^#{1,6} +(.+?)#* *$/gm)) {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const name = words.replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replaceAll(' ', '-');
    let anchor = name;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${name}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}
