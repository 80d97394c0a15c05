import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { ERROR_CODES } from '@reelmill/shared/contracts/errors.ts';
import { parse } from 'yaml';
import { z } from 'zod';
import { minioMetricsToken } from '../../scripts/minioMetricsToken.mjs';
import { DocumentedApi } from '../support/apiClient.ts';
import { startMinio } from '../support/minio.ts';
import { waitFor } from '../support/processes.ts';
import {
  copyMonitoring,
  type MonitoringFolder,
  type RunningPrometheus,
  startPrometheus,
} from '../support/prometheus.ts';
import { parseMetrics, sumOf } from '../support/readMetrics.ts';
import { sampleFile } from '../support/samples.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { beginSingle, complete, put, uploadSomething } from '../support/uploads.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const COMPOSE_FILE = path.join(ROOT, 'docker-compose.yml');
const PROMETHEUS_FILE = path.join(ROOT, 'deploy/monitoring/prometheus.yml');
const INIT_SCRIPT = path.join(ROOT, 'scripts/compose-init.mjs');
const TOKEN = 'a token of the test alone';
/** What only MinIO and RabbitMQ tell of themselves. */
const FROM_ELSEWHERE = /\b(minio|rabbitmq)_/;
/** Failures are shown once there are any; a single server has neither streams of 5xx nor lost workers. */
const MAY_BE_EMPTY = [/status=~"5\.\."/];

const rulesSchema = z.object({
  groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string(), expr: z.string() })) })),
});
const ruleTestSchema = z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()).default([]) });
const ruleTestsSchema = z.object({ tests: z.array(z.object({ alert_rule_test: z.array(ruleTestSchema) })) });
const serviceSchema = z.object({
  profiles: z.array(z.string()).default([]),
  image: z.string().optional(),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  networks: z.array(z.string()).default([]),
  configs: z.array(z.object({ target: z.string() })).default([]),
});
const composeSchema = z.object({ services: z.record(z.string(), serviceSchema) });
const targetSchema = z.object({ expr: z.string(), datasource: z.object({ uid: z.string() }) });
const panelSchema = z.object({
  id: z.int(),
  title: z.string().min(1),
  type: z.string(),
  gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
  targets: z.array(targetSchema).default([]),
});
const dashboardSchema = z.object({
  uid: z.literal('reelmill'),
  annotations: z.object({ list: z.array(targetSchema) }),
  panels: z.array(panelSchema).min(20),
});

describe('monitoring', { timeout: 240_000 }, () => {
  let folder: MonitoringFolder;
  before(async () => {
    folder = await copyMonitoring({ metrics_token: TOKEN, minio_metrics_token: 'another' });
  });
  after(() => folder.remove());

  const read = (name: string): Promise<string> => readFile(path.join(folder.path, name), 'utf8');
  const readDashboard = async () =>
    dashboardSchema.parse(JSON.parse(await read('grafana/dashboards/reelmill.json')));

  test('Prometheus takes the configuration and the rules', async () => {
    assert.match(await folder.promtool('check', 'config', 'prometheus.yml'), /SUCCESS/);
    assert.match(await folder.promtool('check', 'rules', 'alerts.yml'), /SUCCESS/);
  });

  test('every alert is proven to fire and to be silent', async () => {
    assert.match(await folder.promtool('test', 'rules', 'alerts.test.yml'), /SUCCESS/);
    const alerts = rulesSchema
      .parse(parse(await read('alerts.yml')))
      .groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
    const { tests } = ruleTestsSchema.parse(parse(await read('alerts.test.yml')));
    const tried = tests.flatMap((one) => one.alert_rule_test);
    for (const alert of alerts) {
      const ofAlert = tried.filter(({ alertname }) => alertname === alert);
      assert.ok(
        ofAlert.some(({ exp_alerts: expected }) => expected.length > 0),
        `${alert} fires`,
      );
      assert.ok(
        ofAlert.some(({ exp_alerts: expected }) => expected.length === 0),
        `${alert} is silent`,
      );
    }
  });

  test('the alert about failed videos knows its codes', async () => {
    const [, codes = ''] = /code=~"([^"]+)"/.exec(await read('alerts.yml')) ?? [];
    const known = Object.keys(ERROR_CODES);
    assert.deepEqual(
      codes.split('|').filter((code) => !known.includes(code)),
      [],
    );
    assert.ok(codes.includes('encoder_failed'));
  });

  test('the dashboard asks the datasource that is provisioned, and its panels do not overlap', async () => {
    const { panels, annotations } = await readDashboard();
    const [, uid] =
      /^ +uid: (\w+)$/m.exec(await read('grafana/provisioning/datasources/prometheus.yml')) ?? [];
    for (const target of [...panels.flatMap(({ targets }) => targets), ...annotations.list]) {
      assert.equal(target.datasource.uid, uid);
    }
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)} ${y + Math.floor(index / w)}`),
    );
    assert.equal(new Set(cells).size, cells.length);
    assert.ok(panels.every(({ gridPos: { x, w } }) => x + w <= 24));
  });

  test('MinIO tells its metrics to whoever has the token that compose:init makes', async () => {
    const minio = await startMinio();
    try {
      const scrape = (token: string) =>
        fetch(`${minio.endpoint}/minio/v2/metrics/cluster`, {
          headers: { Authorization: `Bearer ${token}` },
        });
      assert.equal((await scrape('none')).status, 403);
      const samples = await waitFor('the capacity', async () => {
        const answer = await scrape(minioMetricsToken(minio.accessKey, minio.secretKey));
        assert.equal(answer.status, 200);
        const found = parseMetrics(await answer.text());
        return sumOf(found, 'minio_cluster_capacity_usable_total_bytes') === null ? null : found;
      });
      assert.ok((sumOf(samples, 'minio_cluster_capacity_usable_free_bytes') ?? 0) > 0);
    } finally {
      await minio.stop();
    }
  });

  test('compose runs both for this machine only, in versions that are named, with what they mount', async () => {
    const compose = composeSchema.parse(parse(await readFile(COMPOSE_FILE, 'utf8'), { merge: true }));
    const { prometheus, grafana } = compose.services;
    assert.ok(prometheus && grafana);
    for (const { profiles, image, ports, volumes } of [prometheus, grafana]) {
      assert.deepEqual(profiles, ['monitoring']);
      assert.match(image ?? '', /:v?\d+\.\d+\.\d+$/);
      assert.ok(ports.length > 0 && ports.every((port) => port.startsWith('127.0.0.1:')), String(ports));
      for (const volume of volumes.filter((one) => one.startsWith('./'))) {
        assert.ok(existsSync(path.join(path.dirname(COMPOSE_FILE), volume.split(':')[0] ?? '')), volume);
      }
    }
    const config = await readFile(PROMETHEUS_FILE, 'utf8');
    const credentials = [...config.matchAll(/credentials_file: (\S+)/g)].map(([, file]) => file);
    assert.deepEqual(
      prometheus.configs.map(({ target }) => target),
      credentials.map((file) => file?.replace(/ }$/, '')),
    );
    for (const scraped of ['server', 'minio', 'rabbitmq']) {
      assert.match(config, new RegExp(`\\b${scraped}\\b`));
      const networks = compose.services[scraped]?.networks ?? [];
      assert.ok(
        networks.some((network) => prometheus.networks.includes(network)),
        scraped,
      );
    }
  });

  test('compose:init makes the secrets, and a token that MinIO’s root has signed', async () => {
    const file = path.join(folder.path, 'env');
    const run = promisify(execFile);
    await run(process.execPath, [INIT_SCRIPT, file]);
    const first = await readFile(file, 'utf8');
    await run(process.execPath, [INIT_SCRIPT, file]);
    assert.equal(await readFile(file, 'utf8'), first, 'what is there is kept');
    const lookUp = (name: string): string => new RegExp(`^${name}=(.+)$`, 'm').exec(first)?.[1] ?? '';
    for (const name of ['METRICS_TOKEN', 'GRAFANA_PASSWORD']) assert.ok(lookUp(name).length >= 32, name);
    const [header, claims, signature] = lookUp('MINIO_METRICS_TOKEN').split('.');
    const expected = createHmac('sha512', lookUp('MINIO_ROOT_PASSWORD')).update(`${header}.${claims}`);
    assert.equal(signature, expected.digest('base64url'));
  });

  describe('with a server that has work', () => {
    let server: TestServer;
    let prometheus: RunningPrometheus;
    before(async () => {
      server = await startTestServer({ env: { METRICS_TOKEN: TOKEN, EMBEDDED_WORKER: 'true' } });
      await folder.editConfig((text) =>
        text
          .replace(/scrape_interval: \S+/, 'scrape_interval: 1s')
          .replace(/dns_sd_configs:\n.*$/m, `static_configs: [{ targets: ["${new URL(server.url).host}"] }]`),
      );
      prometheus = await startPrometheus(folder);
      await waitFor('the first scrape', async () => (await prometheus.query('up == 1')).length === 1);
    });
    after(async () => {
      await prometheus?.stop();
      await server?.stop();
    });

    test('every query of the dashboard is one, and has an answer where there should be one', async () => {
      const user = await (await DocumentedApi.of(server.url)).signUp('ann');
      const { videoId, url } = await beginSingle(user);
      assert.equal(await put(url, new Uint8Array(await readFile(await sampleFile('h264-aac')))), 200);
      assert.equal((await complete(user, videoId)).status, 202);
      await uploadSomething(user);
      await waitFor(
        'the video to be online and the other one to fail',
        async () => (await prometheus.query('reelmill_videos{status=~"online|failed"} == 1')).length === 2,
        { timeoutMs: 120_000 },
      );
      const { panels, annotations } = await readDashboard();
      const targets = [...panels.flatMap((panel) => panel.targets), ...annotations.list];
      assert.ok(targets.length > 40);
      for (const { expr } of targets) {
        // on a busy machine the first of it all is some minutes ago
        const query = expr.replaceAll('$__rate_interval', '15m').replaceAll('[5m]', '[15m]');
        const ask = async (): Promise<number[]> => {
          // rates of requests need some between two scrapes
          assert.equal((await user.call('GET', '/videos')).status, 200);
          return prometheus.query(query);
        };
        if (FROM_ELSEWHERE.test(expr) || MAY_BE_EMPTY.some((some) => some.test(expr))) await ask();
        else if (expr.includes('changes(')) assert.deepEqual(await ask(), [], 'it did not restart');
        else
          await waitFor(query, async () => (await ask()).some((value) => !Number.isNaN(value)), {
            timeoutMs: 30_000,
            pollMs: 250,
          });
      }
    });

    test('no alert fires for it', async () => {
      // the test has no MinIO and no RabbitMQ, whose targets are down; no alert is about these
      assert.deepEqual(await prometheus.query('ALERTS{alertstate="firing"}'), []);
      assert.deepEqual(await prometheus.query('up{job="reelmill-server"}'), [1]);
    });
  });
});
