import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { contentSecurityPolicy } from './contentSecurityPolicy.ts';

export const APP_SCHEME = 'app';
export const APP_ORIGIN = `${APP_SCHEME}://reelmill`;
export const APP_URL = `${APP_ORIGIN}/index.html`;

const NONCE_PLACEHOLDER = '__NONCE__';
const MIME_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

export interface PageSource {
  /** The built page; no file outside is served. */
  folder: string;
  /** Called for each load of the page. */
  mediaOrigins(): readonly string[];
}

/** Returns the response to one request of the page: a file of the folder, or an empty error response. */
export async function servePageRequest(
  request: { url: string; method: string },
  source: PageSource,
): Promise<Response> {
  if (request.method !== 'GET') return errorResponse(405);
  const file = locateFile(request.url, source.folder);
  if (file === null) return errorResponse(404);
  const type = MIME_TYPES[extname(file)];
  const content = type === undefined ? null : await readFile(file).catch(() => null);
  if (type === undefined || content === null) return errorResponse(404);
  const headers = { 'content-type': type, 'x-content-type-options': 'nosniff', 'cache-control': 'no-cache' };
  if (extname(file) !== '.html') return new Response(content, { headers });
  const nonce = randomBytes(18).toString('base64');
  return new Response(content.toString('utf8').replaceAll(NONCE_PLACEHOLDER, nonce), {
    headers: { ...headers, 'content-security-policy': contentSecurityPolicy(nonce, source.mediaOrigins()) },
  });
}

/** Whether a URL is one of the app's own page. */
export function isOfApp(url: string): boolean {
  if (!URL.canParse(url)) return false;
  // Node's URL has no origin for custom schemes
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}` === APP_ORIGIN;
}

/** Returns the path of a URL's file, or null for one outside the folder. */
function locateFile(url: string, folder: string): string | null {
  if (!isOfApp(url)) return null;
  const { pathname } = new URL(url);
  const path = decode(pathname);
  if (path === null || path.includes('\0')) return null;
  const file = normalize(join(folder, path));
  return file.startsWith(normalize(folder + sep)) ? file : null;
}

function decode(pathname: string): string | null {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return null;
  }
}

function errorResponse(status: number): Response {
  return new Response(null, { status });
}
