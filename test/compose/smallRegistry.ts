import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { runCommand } from './command.ts';

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const CONFIG = 'application/vnd.docker.container.image.v1+json';
const LAYER = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
const ARCHITECTURE = process.arch === 'x64' ? 'amd64' : process.arch;

/** A registry that an engine takes as the mirror of Docker Hub; it notes what it is asked for. */
export interface SmallRegistry {
  readonly url: string;
  /** Paths, as they came. */
  readonly asked: readonly string[];
  /** Puts an image with one small file under a name such as `library/mysql:8.4.11`, and returns its digest. */
  publish(name: string, content: string): Promise<string>;
  close(): Promise<void>;
}

/** `folder` is where layers are packed. */
export async function openRegistry(folder: string): Promise<SmallRegistry> {
  const asked: string[] = [];
  /** By path below `/v2/`. */
  const served = new Map<string, { type: string; body: Buffer }>();
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const found = served.get((request.url ?? '').slice('/v2/'.length));
    if (request.url === '/v2/') return void response.end();
    if (found === undefined) return void response.writeHead(404).end();
    response.writeHead(200, {
      'content-type': found.type,
      'content-length': found.body.length,
      'docker-content-digest': digestOf(found.body),
    });
    response.end(request.method === 'HEAD' ? undefined : found.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    // a socket that listens on a port has such an address
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async publish(name, content) {
      const [repository = '', tag = ''] = name.split(':');
      const layer = await packLayer(
        path.join(folder, digestOf(Buffer.from(name + content)).slice(-8)),
        content,
      );
      const config = toJson({
        architecture: ARCHITECTURE,
        os: 'linux',
        config: { Cmd: ['/content'] },
        rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
      });
      const packed = gzipSync(layer);
      const manifest = toJson({
        schemaVersion: 2,
        mediaType: MANIFEST,
        config: { mediaType: CONFIG, size: config.length, digest: digestOf(config) },
        layers: [{ mediaType: LAYER, size: packed.length, digest: digestOf(packed) }],
      });
      served.set(`${repository}/blobs/${digestOf(config)}`, { type: CONFIG, body: config });
      served.set(`${repository}/blobs/${digestOf(packed)}`, { type: LAYER, body: packed });
      for (const reference of [tag, digestOf(manifest)]) {
        served.set(`${repository}/manifests/${reference}`, { type: MANIFEST, body: manifest });
      }
      return digestOf(manifest);
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function packLayer(folder: string, content: string): Promise<Buffer> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'content'), content);
  await runCommand('tar', ['--create', '--file', `${folder}.tar`, '--directory', folder, 'content']);
  return readFile(`${folder}.tar`);
}

function toJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
