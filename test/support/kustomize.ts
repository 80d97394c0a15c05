import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { findBuiltProgram } from './cacheFolder.ts';

const manifestSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});

/** An object as it is sent to a cluster. */
export type Manifest = z.infer<typeof manifestSchema>;

/** What `kubectl apply -k` of this folder would send. */
export async function renderKustomization(folder: string): Promise<Manifest[]> {
  const { stdout } = await promisify(execFile)(await findBuiltProgram('kustomize'), ['build', folder]);
  return parseAllDocuments(stdout).map((document) => unfold(manifestSchema.parse(document.toJS())));
}

/** kustomize breaks long base64 into lines; the API's decoder overlooks that, schemas do not. */
function unfold(manifest: Manifest): Manifest {
  if (manifest.kind !== 'Secret') return manifest;
  const data = z.record(z.string(), z.string()).parse(manifest.data);
  const entries = Object.entries(data).map(([key, value]) => [key, value.replace(/\s/g, '')]);
  return { ...manifest, data: Object.fromEntries(entries) };
}
