// What the project needs of a machine, by purpose.
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/** Where programs are kept that were built or fetched once. */
export const CACHE = process.env.REELMILL_CACHE || path.join(homedir(), '.cache', 'reelmill');
export const CACHE_BIN = path.join(CACHE, 'bin');
export const SEARCH_PATH = [
  ...(process.env.PATH || '').split(path.delimiter),
  '/usr/local/sbin',
  '/usr/sbin',
  '/sbin',
  '/usr/local/go/bin',
];

/** What each purpose takes from the tables below; the desktop app also needs Electron. */
export const PURPOSES = {
  run: ['run'],
  desktop: ['desktop'],
  test: ['run', 'desktop', 'test'],
  bench: ['run', 'desktop', 'test', 'bench'],
  compose: ['run', 'compose'],
};

const library = (file, debianPackage) => ({ program: file, debianPackage });

/** Programs and libraries of Debian: what must be there, and the package that brings it. */
export const DEBIAN = {
  run: [
    { program: 'ffmpeg', debianPackage: 'ffmpeg' },
    { program: 'ffprobe', debianPackage: 'ffmpeg' },
  ],
  // every Linux desktop has these, a server has not
  desktop:
    process.platform !== 'linux'
      ? []
      : [
          library('libgtk-3.so.0', 'libgtk-3-0'),
          library('libnss3.so', 'libnss3'),
          library('libasound.so.2', 'libasound2'),
          library('libgbm.so.1', 'libgbm1'),
          library('libXss.so.1', 'libxss1'),
          library('libXtst.so.6', 'libxtst6'),
        ],
  test: [
    { program: 'mariadbd', debianPackage: 'mariadb-server' },
    { program: 'mariadb-install-db', debianPackage: 'mariadb-server' },
    { program: '/usr/lib/rabbitmq/bin/rabbitmq-server', debianPackage: 'rabbitmq-server' },
    { program: 'epmd', debianPackage: 'rabbitmq-server' },
    { program: 'chromium', debianPackage: 'chromium' },
    { program: 'prometheus', debianPackage: 'prometheus' },
    { program: 'promtool', debianPackage: 'prometheus' },
    { program: 'caddy', debianPackage: 'caddy' },
    { program: 'jq', debianPackage: 'jq' },
    { program: 'curl', debianPackage: 'curl' },
    { program: 'openssl', debianPackage: 'openssl' },
    { program: 'Xvfb', debianPackage: 'xvfb' },
    { program: 'xauth', debianPackage: 'xauth' },
    // clocks of single programs
    { program: 'faketime', debianPackage: 'faketime' },
    // the tools of Python, each in an environment of its own
    { program: 'python3', debianPackage: 'python3' },
    // the pages in Chinese
    { program: '/usr/share/fonts/truetype/wqy/wqy-microhei.ttc', debianPackage: 'fonts-wqy-microhei' },
  ],
  bench: [{ program: 'rclone', debianPackage: 'rclone' }],
  compose: [
    { program: 'dockerd', debianPackage: 'docker.io' },
    { program: 'docker', debianPackage: 'docker.io' },
    { program: 'iptables', debianPackage: 'iptables' },
    { program: 'ip', debianPackage: 'iproute2' },
    { program: 'debootstrap', debianPackage: 'debootstrap' },
  ],
};

/** Programs that are built once and kept outside the tree. */
export const GO = {
  run: [],
  desktop: [],
  test: [
    {
      program: 'minio',
      module: 'github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c',
      note: 'about 3.5 minutes on 2 cores',
    },
    {
      program: 'kustomize',
      module: 'sigs.k8s.io/kustomize/kustomize/v5@v5.7.1',
      note: 'about a minute',
    },
    {
      program: 'mc',
      module: 'github.com/minio/mc@v0.0.0-20250313080218-cf909e1063a9',
      note: 'about 35 seconds',
    },
  ],
  bench: [],
  compose: [],
};

/** The environment has the version in its name: another version is another environment. */
const pythonProgram = (name, version) => ({
  program: path.join(CACHE, 'python', `${name}-${version}`, 'bin', name),
  folder: path.join(CACHE, 'python', `${name}-${version}`),
  requirements: path.join(import.meta.dirname, `${name}.txt`),
});

export const SCHEMATHESIS = pythonProgram('schemathesis', '4.32.5');

/** Programs of Python that are installed once, each into a virtual environment outside the tree. */
export const PYTHON = {
  run: [],
  desktop: [],
  test: [SCHEMATHESIS],
  bench: [],
  compose: [],
};

/** A program by its name or path, or a library by its file name. */
export function isInstalled(name) {
  if (path.isAbsolute(name)) return existsSync(name);
  const folders = /\.so(\.\d+)*$/.test(name) ? libraryFolders() : [...SEARCH_PATH, CACHE_BIN];
  return folders.some((folder) => folder !== '' && existsSync(path.join(folder, name)));
}

/** Debian has a folder of libraries for each architecture, others have one or two in all. */
function libraryFolders() {
  const own = existsSync('/usr/lib') ? readdirSync('/usr/lib') : [];
  const perArchitecture = own.filter((name) => name.includes('-linux-gnu'));
  return ['/usr/lib', '/usr/lib64', '/lib64', ...perArchitecture.map((name) => path.join('/usr/lib', name))];
}
