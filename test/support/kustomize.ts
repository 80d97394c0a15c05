import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';

const manifestSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});

/** An object as it is sent to a cluster. */
export type Manifest = z.infer<typeof manifestSchema>;

/** What `kubectl apply -k` of this folder would send. */
export async function renderKustomization(folder: string): Promise<Manifest[]> {
  const cache = process.env.REELMILL_CACHE || path.join(homedir(), '.cache', 'reelmill');
  const { stdout } = await promisify(execFile)(path.join(cache, 'bin', 'kustomize'), ['build', folder]);
  return parseAllDocuments(stdout).map((document) => unfold(manifestSchema.parse(document.toJS())));
}

/** kustomize breaks long base64 into lines; the API's decoder overlooks that, schemas do not. */
function unfold(manifest: Manifest): Manifest {
  if (manifest.kind !== 'Secret') return manifest;
  const data = z.record(z.string(), z.string()).parse(manifest.data);
  const entries = Object.entries(data).map(([key, value]) => [key, value.replace(/\s/g, '')]);
  return { ...manifest, data: Object.fromEntries(entries) };
}
