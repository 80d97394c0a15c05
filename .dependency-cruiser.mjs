/** The rooms of the server from the ground up: a room imports only rooms that stand before it. */
const SERVER_ROOMS = [
  'db',
  'plan',
  'telemetry',
  'signing',
  'context',
  'background',
  'clock',
  'http',
  'audit',
  'auth',
  'workers',
  'catalog',
  'users',
  'events',
  'transcode',
  'webhooks',
  'publish',
  'results',
  'dispatch',
  'uploads',
  'playback',
  'videos',
  'maintenance',
  'admin',
  'farm',
  'health',
  'metrics',
  'profiles',
  'app',
  'backup',
];

/** What each package imports besides itself. */
const PACKAGES = {
  shared: [],
  worker: ['shared'],
  server: ['shared', 'worker'],
  desktop: ['shared'],
};

const KNOWN_FOLDER_CYCLES = ['^desktop/src/renderer(/|$)', '^worker/src(/|$)'];
const KNOWN_FILE_CYCLES = ['^worker/src/media/'];

const PRODUCT = '^(shared|server|worker|desktop)/src(/|$)';
const TESTS = '[.]test[.]tsx?$';
const PLATFORM = '(^|/)node_modules/electron/|^electron$';
const names = Object.keys(PACKAGES);

const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    forbid(
      'no-cycles',
      'Files import each other in a circle.',
      { pathNot: KNOWN_FILE_CYCLES },
      { circular: true },
    ),
    {
      ...forbid(
        'no-folder-cycles',
        'Folders import each other in a circle.',
        { path: PRODUCT, pathNot: KNOWN_FOLDER_CYCLES },
        { circular: true, viaOnly: { path: PRODUCT } },
      ),
      scope: 'folder',
    },
    ...SERVER_ROOMS.map((room, index) =>
      forbid(
        `server-${room}`,
        'A room of the server imports a room that stands above it, or one that is not in the list.',
        { path: `^server/src/${room}/` },
        { path: '^server/src/', pathNot: `^server/src/(${SERVER_ROOMS.slice(0, index + 1).join('|')})/` },
      ),
    ),
    forbid(
      'server-unlisted-room',
      'A room of the server is not in the list.',
      { path: '^server/src/[^/]+/', pathNot: `^server/src/(${SERVER_ROOMS.join('|')})/` },
      {},
    ),
    ...names.map((name) =>
      forbid(
        `package-${name}`,
        'A package imports one that it must not know.',
        { path: `^${name}/` },
        { path: `^(${names.join('|')})/`, pathNot: `^(${[name, ...PACKAGES[name]].join('|')})/` },
      ),
    ),
    ...names.map((name) =>
      forbid(
        `exports-of-${name}`,
        'A package is imported by path and not through its exports.',
        { path: `^(${names.filter((other) => other !== name).join('|')})/` },
        { path: `^${name}/`, dependencyTypesNot: ['aliased-workspace'] },
      ),
    ),
    forbid(
      'engine-without-io',
      'The engine receives all I/O through its ports.',
      { path: '^desktop/src/engine/' },
      { path: PLATFORM },
    ),
    forbid(
      'pure-without-node',
      'Engine, renderer and pure decisions know no Node.',
      { path: '^desktop/src/(engine|renderer)/|/src/core/|^server/src/plan/' },
      { dependencyTypes: ['core'] },
    ),
    forbid(
      'browser-without-node',
      'The player and the watch page run in browsers.',
      { path: '^shared/src/player/|^server/src/playback/browser/' },
      { dependencyTypes: ['core'] },
    ),
    forbid(
      'renderer-without-electron',
      'The page reaches the system through the bridge.',
      { path: '^desktop/src/renderer/' },
      { path: PLATFORM },
    ),
    forbid(
      'nothing-imports-tests',
      'The product does not know its tests.',
      { path: '^(shared|server|worker|desktop|scripts)/' },
      { path: `^test/|${TESTS}` },
    ),
    forbid('resolvable', 'An import leads nowhere.', {}, { couldNotResolve: true }),
  ],
  options: {
    parser: 'swc',
    combinedDependencies: true,
    doNotFollow: { path: ['node_modules', TESTS] },
    exclude: { path: '(^|/)dist/|[.]d[.]m?ts$' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.mjs'],
    },
    moduleSystems: ['es6', 'cjs'],
  },
};
