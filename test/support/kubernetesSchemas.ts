import { execFile } from 'node:child_process';
import { symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Manifest } from './kustomize.ts';
import { makeTemporaryFolder } from './processes.ts';

const MODULES = path.resolve(import.meta.dirname, '../../node_modules');

interface KubernetesModel {
  /** Throws with everything that the published schema does not allow. */
  validate(): void;
}

/** Throws where a manifest has values that the published schemas of Kubernetes or KEDA do not allow. */
export async function validateManifest(manifest: Manifest): Promise<void> {
  const module: Record<string, new (data: Manifest) => KubernetesModel> = await import(moduleOf(manifest));
  const Model = module[manifest.kind];
  if (Model === undefined) throw new Error(`there is no schema of ${manifest.kind}`);
  new Model(manifest).validate();
}

/**
 * Throws where manifests have fields that Kubernetes and KEDA do not know. Schemas let these pass, and a cluster drops
 * them without a word; TypeScript does not allow them in a literal.
 */
export async function refuseUnknownFields(manifests: readonly Manifest[]): Promise<void> {
  const folder = await makeTemporaryFolder('manifests');
  try {
    await symlink(MODULES, path.join(folder.path, 'node_modules'));
    const literals = manifests.map((manifest, index) => {
      const type = `import('${moduleOf(manifest)}').I${manifest.kind}`;
      return `export const manifest${index}: ${type} = ${JSON.stringify(manifest, null, 2)};`;
    });
    await writeFile(path.join(folder.path, 'manifests.ts'), literals.join('\n'));
    await compile(folder.path);
  } finally {
    await folder.remove();
  }
}

async function compile(folder: string): Promise<void> {
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'preserve', '--types', ''];
  try {
    await promisify(execFile)(path.join(MODULES, '.bin', 'tsc'), [...options, 'manifests.ts'], {
      cwd: folder,
    });
  } catch (error) {
    const output = error instanceof Error && 'stdout' in error ? String(error.stdout) : '';
    throw new Error(`the manifests have unknown fields:\n${output}`, { cause: error });
  }
}

function moduleOf({ apiVersion, kind }: Manifest): string {
  const library = apiVersion.startsWith('keda.sh/') ? '@kubernetes-models/keda' : 'kubernetes-models';
  return `${library}/${apiVersion}/${kind}`;
}
