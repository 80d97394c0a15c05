import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import express, { Router } from 'express';
import { refuseOtherMethods } from './methods.ts';
import { API_BASE } from './router.ts';
import { allowPage } from './security.ts';

export const OPENAPI_PATH = `${API_BASE}/openapi.json`;

// the package's own entry would load the whole page's script into the server
const FILES = path.dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')));

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Reelmill API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;
const START = `SwaggerUIBundle({ url: '${OPENAPI_PATH}', dom_id: '#swagger-ui', deepLinking: true });\n`;

/** The browsable form of the OpenAPI document, from files of this machine only. */
export function createDocs(): Router {
  const router = Router();
  router.use('/docs', (_request, response, next) => {
    allowPage(response, { 'style-src': ["'unsafe-inline'"], 'img-src': ['data:'] });
    next();
  });
  router.get('/docs', (_request, response) => {
    response.type('html').send(PAGE);
  });
  router.get('/docs/start.js', (_request, response) => {
    response.type('js').send(START);
  });
  router.use('/docs', express.static(FILES, { index: false, maxAge: '1d' }));
  const files = readdirSync(FILES).map((name) => `/docs/${name}`);
  router.all(['/docs', '/docs/start.js', ...files], refuseOtherMethods(['GET']));
  return router;
}
