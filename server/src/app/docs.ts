import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import express, { Router } from 'express';
import type { ServerContext } from '../context/serverContext.ts';
import { basePathOf } from '../http/basePath.ts';
import { rejectOtherMethods } from '../http/methods.ts';
import { API_BASE } from '../http/router.ts';
import { allowPage } from '../http/security.ts';

export const OPENAPI_PATH = `${API_BASE}/openapi.json`;

// the entry point of the package would load the script of the page into the server
const FILES = path.dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')));

const renderPage = (basePath: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Reelmill API</title>
<link rel="stylesheet" href="${basePath}/docs/swagger-ui.css">
<link rel="icon" href="${basePath}/docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="${basePath}/docs/swagger-ui-bundle.js"></script>
<script src="${basePath}/docs/start.js"></script>
</body>
</html>
`;
const renderStart = (basePath: string): string => {
  const options = { url: `${basePath}${OPENAPI_PATH}`, dom_id: '#swagger-ui', deepLinking: true };
  return `SwaggerUIBundle(${JSON.stringify(options)});\n`;
};

/** Returns the router of the browsable OpenAPI document, with local files only. */
export function createDocs({ publicUrl }: Pick<ServerContext, 'publicUrl'>): Router {
  const basePath = basePathOf(publicUrl);
  const page = renderPage(basePath);
  const start = renderStart(basePath);
  const router = Router();
  router.use('/docs', (_request, response, next) => {
    allowPage(response, { 'style-src': ["'unsafe-inline'"], 'img-src': ['data:'] });
    next();
  });
  router.get('/docs', (_request, response) => {
    response.type('html').send(page);
  });
  router.get('/docs/start.js', (_request, response) => {
    response.type('js').send(start);
  });
  router.use('/docs', express.static(FILES, { index: false, maxAge: '1d' }));
  const files = readdirSync(FILES).map((name) => `/docs/${name}`);
  router.all(['/docs', '/docs/start.js', ...files], rejectOtherMethods(['GET']));
  return router;
}
