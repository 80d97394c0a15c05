import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { Router } from 'express';
import { rejectOtherMethods } from '../http/methods.ts';

const CONTENT_TYPES: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

interface Asset {
  contentType: string;
  plain: Buffer;
  gzipped: Buffer;
}

export interface Assets {
  /** Returns the URL of a file; it changes with the content of any file. Throws for an unknown name. */
  url(name: string): string;
  router: Router;
}

/** Loads the files of the watch page. Their URLs below `basePath` contain a version, so browsers cache them forever. */
export function loadAssets(basePath: string): Assets {
  const assets = readAssets();
  const hash = createHash('sha256');
  for (const { plain } of assets.values()) hash.update(plain);
  const version = hash.digest('hex').slice(0, 12);
  const router = Router();
  router.get(`/assets/${version}/:name`, (request, response, next) => {
    const asset = assets.get(request.params.name);
    if (asset === undefined) return next();
    const gzip = request.acceptsEncodings('gzip') === 'gzip';
    response.set({
      'Content-Type': asset.contentType,
      'Cache-Control': 'public, max-age=31536000, immutable',
      Vary: 'Accept-Encoding',
      ...(gzip ? { 'Content-Encoding': 'gzip' } : {}),
    });
    response.send(gzip ? asset.gzipped : asset.plain);
  });
  router.all(`/assets/${version}/:name`, (request, response, next) => {
    if (assets.has(request.params.name)) rejectOtherMethods(['GET'])(request, response, next);
    else next();
  });
  return {
    url(name) {
      if (!assets.has(name)) throw new Error(`the watch page has no file ${name}`);
      return `${basePath}/assets/${version}/${name}`;
    },
    router,
  };
}

/** Reads the page's own files, and those of the player that it shares with the desktop app. */
function readAssets(): Map<string, Asset> {
  const player = import.meta.resolve('@reelmill/shared/player/player.ts');
  const folders = [new URL('browser/', import.meta.url), new URL('.', player)];
  const own = folders.flatMap((folder) => listFiles(fileURLToPath(folder)));
  const files = [...own, fileURLToPath(import.meta.resolve('hls.js/dist/hls.min.mjs'))];
  return new Map(files.map(readAsset));
}

function listFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /(?<!\.test)\.(ts|css|svg)$/.test(name))
    .sort()
    .map((name) => path.join(folder, name));
}

/** Returns the name and content by which a file is served; TypeScript is served as JavaScript. */
function readAsset(file: string): [name: string, asset: Asset] {
  const source = readFileSync(file);
  const isScript = path.extname(file) === '.ts';
  const name = isScript ? `${path.basename(file, '.ts')}.js` : path.basename(file);
  const plain = isScript ? Buffer.from(toJavaScript(source.toString())) : source;
  const contentType = CONTENT_TYPES[path.extname(name)] ?? 'application/octet-stream';
  return [name, { contentType, plain, gzipped: gzipSync(plain) }];
}

/** Removes the types, and lets every import lead to the file beside it. */
function toJavaScript(source: string): string {
  const imports = / from '(?:\.|@reelmill\/shared\/player)\/(\w+)\.ts'/g;
  return stripTypeScriptTypes(source).replaceAll(imports, " from './$1.js'");
}
