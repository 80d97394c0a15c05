/** The rooms of the server from the ground up: a room imports only rooms that stand before it. */
const SERVER_ROOMS = [
  'state',
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

/** The rooms of the worker, in the same order. */
const WORKER_ROOMS = [
  'confine',
  'limits',
  'context',
  'scratch',
  'programs',
  'source',
  'timing',
  'pictures',
  'probe',
  'tracks',
  'inspect',
  'verify',
  'segments',
  'encode',
  'sound',
  'images',
  'tasks',
  'health',
];

/** What each package imports besides itself. */
const PACKAGES = {
  shared: [],
  worker: ['shared'],
  server: ['shared', 'worker'],
  desktop: ['shared'],
};

const PRODUCT = '^(shared|server|worker|desktop)/src(/|$)';
const TESTS = '[.]test[.]tsx?$';
const PLATFORM = '(^|/)node_modules/electron/|^electron$';
const names = Object.keys(PACKAGES);

const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** What the files of a package's rooms must not import. */
function roomsOf(name, rooms) {
  return [
    ...rooms.map((room, index) =>
      forbid(
        `${name}-${room}`,
        'A room imports a room that stands above it, or one that is not in the list.',
        { path: `^${name}/src/${room}/` },
        { path: `^${name}/src/`, pathNot: `^${name}/src/(${rooms.slice(0, index + 1).join('|')})/` },
      ),
    ),
    forbid(
      `${name}-unlisted-room`,
      'A room is not in the list.',
      { path: `^${name}/src/[^/]+/`, pathNot: `^${name}/src/(${rooms.join('|')})/` },
      {},
    ),
  ];
}

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    forbid('no-cycles', 'Files import each other in a circle.', {}, { circular: true }),
    {
      ...forbid(
        'no-folder-cycles',
        'Folders import each other in a circle.',
        { path: PRODUCT },
        { circular: true, viaOnly: { path: PRODUCT } },
      ),
      scope: 'folder',
    },
    ...roomsOf('server', SERVER_ROOMS),
    ...roomsOf('worker', WORKER_ROOMS),
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
      {
        path: '^desktop/src/(engine|renderer)/|/src/core/|^server/src/(plan|state)/|^worker/src/(limits|timing|pictures)/',
      },
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
