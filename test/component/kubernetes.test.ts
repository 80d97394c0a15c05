import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { readServerConfig, readWorkerConfig } from '@reelmill/shared/runtime/config.ts';
import { z } from 'zod';
import { refuseUnknownFields, validateManifest } from '../support/kubernetesSchemas.ts';
import { type Manifest, renderKustomization } from '../support/kustomize.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/processes.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const EXAMPLE = 'overlays/example';
/** Between the end of a worker's drain and the moment that it must be gone; its own deadline is 20 s. */
const STOP_MARGIN_SECONDS = 25;

let folder: TemporaryFolder;
let manifests: Manifest[];

before(async () => {
  folder = await makeTemporaryFolder('kubernetes');
  await cp(path.join(ROOT, 'deploy/kubernetes'), folder.path, { recursive: true });
  // what the README tells people to do
  const example = path.join(folder.path, EXAMPLE);
  for (const name of await readdir(example)) {
    if (!name.endsWith('.env.example')) continue;
    const text = await readFile(path.join(example, name), 'utf8');
    const filledIn = text.replaceAll('PLACEHOLDER', () => randomBytes(24).toString('hex'));
    await writeFile(path.join(example, name.replace('.example', '')), filledIn);
  }
  await writeFile(path.join(example, 'ca.crt'), 'a certificate\n');
  manifests = await renderKustomization(example);
});
after(() => folder.remove());

test('every manifest is what the published schemas allow', async () => {
  assert.ok(manifests.length >= 15, `${manifests.length} manifests`);
  for (const manifest of manifests) await validateManifest(manifest);
  await refuseUnknownFields(manifests);
});

test('a wrong value and an unknown field are found', async () => {
  const [deployment] = allOf('Deployment');
  assert.ok(deployment);
  const wrong = { ...deployment, spec: { ...z.looseObject({}).parse(deployment.spec), replicas: 'two' } };
  await assert.rejects(validateManifest(wrong), /replicas/);
  const unknown = {
    ...deployment,
    spec: { ...z.looseObject({}).parse(deployment.spec), terminationGracePeriod: 3 },
  };
  await assert.rejects(refuseUnknownFields([unknown]), /terminationGracePeriod/);
});

test('what the pods are given is a configuration that server and worker take', () => {
  const server = readServerConfig(environmentOf('server'));
  assert.equal(server.REELMILL_PROFILE, 'distributed');
  assert.equal(server.HOST, '0.0.0.0');
  assert.equal(server.S3_PUBLIC_ENDPOINT, 'https://store.example.org');
  const worker = readWorkerConfig(environmentOf('worker'));
  assert.equal(worker.REELMILL_PROFILE, 'distributed');
  assert.equal(worker.workerId, 'metadata.name');
  assert.equal(worker.threads, 2);
  const forServerOnly = [
    'DATABASE_URL',
    'JWT_SECRET',
    'ADMIN_PASSWORD',
    'S3_UPLOAD_SECRET_KEY',
    'S3_PLAYBACK_SECRET_KEY',
  ];
  for (const name of forServerOnly) {
    assert.ok(!(name in environmentOf('worker')), `a worker is told ${name}`);
  }
  for (const name of ['server', 'worker']) {
    const mounts = containerOf(name).volumeMounts.map(({ mountPath }) => mountPath);
    assert.ok(mounts.includes(path.dirname(environmentOf(name).NODE_EXTRA_CA_CERTS ?? '')));
  }
});

test('images are placeholders that no registry has, until an overlay names its own by digest', async () => {
  for (const name of ['server', 'worker']) {
    const base = await readFile(path.join(ROOT, `deploy/kubernetes/base/${name}.yaml`), 'utf8');
    const images = [...base.matchAll(/^ +image: (.+)$/gm)].map(([, image]) => image);
    assert.deepEqual(images, [`reelmill.invalid/${name}`]);
    assert.match(
      containerOf(name).image,
      new RegExp(`^registry\\.example\\.org/reelmill/${name}@sha256:0{64}$`),
    );
  }
});

test('the example as it stands is refused', () => {
  const secrets = [
    'JWT_SECRET',
    'S3_SECRET_KEY',
    'S3_UPLOAD_SECRET_KEY',
    'S3_PLAYBACK_SECRET_KEY',
    'ADMIN_PASSWORD',
  ];
  const unfilled = Object.fromEntries(secrets.map((name) => [name, 'PLACEHOLDER']));
  assert.throws(
    () => readServerConfig({ ...environmentOf('server'), ...unfilled }),
    (error: Error) => secrets.every((name) => error.message.includes(`${name}: is a placeholder`)),
  );
});

test('a worker that is told to stop has the time to finish or hand back its task', () => {
  const { terminationGracePeriodSeconds } = podOf('worker');
  const { DRAIN_SECONDS } = readWorkerConfig(environmentOf('worker'));
  assert.ok(terminationGracePeriodSeconds >= DRAIN_SECONDS + STOP_MARGIN_SECONDS);
});

test('no pod has more rights than it needs', () => {
  for (const name of ['server', 'worker']) {
    const pod = podOf(name);
    assert.equal(pod.automountServiceAccountToken, false);
    assert.equal(pod.securityContext.runAsNonRoot, true);
    assert.deepEqual(pod.securityContext.seccompProfile, { type: 'RuntimeDefault' });
    assert.deepEqual(containerOf(name).securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  }
});

test('the autoscaler scales the workers by the queue that they take their tasks from', () => {
  const scaled = scaledObjectSchema.parse(only('ScaledObject').spec);
  assert.equal(scaled.scaleTargetRef.name, deploymentOf('worker').metadata.name);
  const [trigger] = scaled.triggers;
  assert.equal(trigger?.metadata.queueName, readWorkerConfig(environmentOf('worker')).TASK_QUEUE);
  const authentication = only('TriggerAuthentication');
  assert.equal(trigger?.authenticationRef.name, authentication.metadata.name);
  const { secretTargetRef } = authenticationSchema.parse(authentication.spec);
  for (const { name, key } of secretTargetRef) assert.ok(dataOf('Secret', name)[key], `${name}.${key}`);
});

test('a worker reaches broker, store and DNS, and nobody reaches a worker', () => {
  const policies = allOf('NetworkPolicy').map(({ spec }) => policySchema.parse(spec));
  const forWorkers = policies.filter(({ podSelector }) => selects(podSelector, 'worker'));
  const ports = forWorkers.flatMap(({ egress = [] }) => egress.flatMap((rule) => rule.ports));
  assert.deepEqual(new Set(ports.map(({ port }) => port)), new Set([53, 5671, 443]));
  assert.ok(forWorkers.every(({ ingress = [] }) => ingress.length === 0));
  assert.ok(
    forWorkers.some(({ policyTypes }) => ['Ingress', 'Egress'].every((type) => policyTypes.includes(type))),
  );
  const targets = policies.flatMap(({ egress = [] }) => egress.flatMap(({ to }) => to));
  const placeholders = targets.filter(({ ipBlock }) => ipBlock?.cidr.startsWith('192.0.2.'));
  assert.deepEqual(placeholders, [], 'an address of the base is not replaced by the overlay');
});

test('services, budgets and routes find what they are about', () => {
  for (const kind of ['Service', 'PodDisruptionBudget']) {
    for (const { metadata } of allOf(kind)) {
      assert.equal(
        labelsOf(metadata.name)['app.kubernetes.io/name'],
        metadata.name,
        `${kind} ${metadata.name}`,
      );
    }
  }
  const { ports } = servicePortsSchema.parse(only('Service').spec);
  assert.deepEqual(
    ports.map(({ targetPort }) => targetPort),
    containerOf('server').ports?.map(({ name }) => name),
  );
});

test('the values of secrets are not in the tree', async () => {
  const { stdout } = await promisify(execFile)('git', ['ls-files', 'deploy'], { cwd: ROOT });
  assert.doesNotMatch(stdout, /\.env$|\.crt$|\.key$/m);
  const ignored = `deploy/kubernetes/${EXAMPLE}/server-secrets.env`;
  await promisify(execFile)('git', ['check-ignore', ignored], { cwd: ROOT });
});

const selectorSchema = z.object({
  matchLabels: z.record(z.string(), z.string()).optional(),
  matchExpressions: z.array(z.object({ key: z.string(), values: z.array(z.string()) })).optional(),
});
const portSchema = z.object({ port: z.union([z.number(), z.string()]) });
const policySchema = z.object({
  podSelector: selectorSchema,
  policyTypes: z.array(z.string()),
  ingress: z.array(z.object({ ports: z.array(portSchema) })).optional(),
  egress: z
    .array(
      z.object({
        to: z.array(z.object({ ipBlock: z.object({ cidr: z.string() }).optional() })),
        ports: z.array(portSchema),
      }),
    )
    .optional(),
});
const scaledObjectSchema = z.object({
  scaleTargetRef: z.object({ name: z.string() }),
  triggers: z.array(
    z.object({
      metadata: z.record(z.string(), z.string()),
      authenticationRef: z.object({ name: z.string() }),
    }),
  ),
});
const authenticationSchema = z.object({
  secretTargetRef: z.array(z.object({ name: z.string(), key: z.string() })),
});
const servicePortsSchema = z.object({ ports: z.array(z.object({ targetPort: z.string() })) });
const containerSchema = z.looseObject({
  image: z.string(),
  ports: z.array(z.object({ name: z.string() })).optional(),
  envFrom: z.array(
    z.object({
      configMapRef: z.object({ name: z.string() }).optional(),
      secretRef: z.object({ name: z.string() }).optional(),
    }),
  ),
  env: z.array(
    z.object({
      name: z.string(),
      value: z.string().optional(),
      valueFrom: z
        .object({
          fieldRef: z.object({ fieldPath: z.string() }).optional(),
          resourceFieldRef: z.object({ resource: z.string() }).optional(),
        })
        .optional(),
    }),
  ),
  resources: z.object({ limits: z.record(z.string(), z.string()) }),
  volumeMounts: z.array(z.object({ mountPath: z.string() })),
});
const deploymentSchema = z.object({
  template: z.object({
    metadata: z.object({ labels: z.record(z.string(), z.string()) }),
    spec: z.looseObject({
      terminationGracePeriodSeconds: z.number(),
      securityContext: z.looseObject({}),
      containers: z.tuple([containerSchema]),
    }),
  }),
});

function allOf(kind: string): Manifest[] {
  return manifests.filter((manifest) => manifest.kind === kind);
}

function only(kind: string): Manifest {
  const [manifest, ...others] = allOf(kind);
  assert.ok(manifest !== undefined && others.length === 0, `not one ${kind}`);
  return manifest;
}

function deploymentOf(name: string): Manifest {
  const deployment = allOf('Deployment').find(({ metadata }) => metadata.name === name);
  assert.ok(deployment, `no deployment ${name}`);
  return deployment;
}

const templateOf = (name: string) => deploymentSchema.parse(deploymentOf(name).spec).template;
const labelsOf = (name: string) => templateOf(name).metadata.labels;
const podOf = (name: string) => templateOf(name).spec;
const containerOf = (name: string) => podOf(name).containers[0];

/** The environment of a deployment's pods, with the paths of fields in place of their values. */
function environmentOf(name: string): Record<string, string> {
  const { env, envFrom, resources } = containerOf(name);
  const sources = envFrom.map(({ configMapRef, secretRef }) =>
    configMapRef ? dataOf('ConfigMap', configMapRef.name) : dataOf('Secret', secretRef?.name ?? ''),
  );
  const own = env.map(({ name: variable, value, valueFrom }) => {
    const limit = valueFrom?.resourceFieldRef?.resource.replace('limits.', '');
    const told = value ?? valueFrom?.fieldRef?.fieldPath ?? resources.limits[limit ?? ''];
    assert.ok(told !== undefined, `${variable} has no value`);
    return [variable, told];
  });
  return Object.assign({}, ...sources, Object.fromEntries(own));
}

function dataOf(kind: 'ConfigMap' | 'Secret', name: string): Record<string, string> {
  const found = allOf(kind).find(({ metadata }) => metadata.name === name);
  assert.ok(found, `${kind} ${name} is referred to, but nowhere`);
  const data = z.record(z.string(), z.string()).parse(found.data);
  if (kind === 'ConfigMap') return data;
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  );
}

function selects({ matchLabels = {}, matchExpressions = [] }: z.infer<typeof selectorSchema>, name: string) {
  const labels = labelsOf(name);
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, values }) => values.includes(labels[key] ?? ''))
  );
}
