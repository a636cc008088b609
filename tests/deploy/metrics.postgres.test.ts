import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { endServers, startServer } from '../cli/server-process.ts';
import { createDatabase } from '../postgres.ts';
import { startProxy } from '../tcp-proxy.ts';

const root = new URL('../../', import.meta.url).pathname;
const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** The metrics of a service in trouble on PostgreSQL, and of one on SQLite. */
let page: string;
/** The labels of each series, by the name of its metric. */
let series: Map<string, Record<string, string>[]>;
const rootKey = `unkey_${randomBytes(24).toString('hex')}`;

beforeAll(async () => {
  const database = await createDatabase(process.env.UNKEY_TEST_DATABASE_URL ?? '');
  const url = new URL(database.url);
  const proxy = await startProxy(Number(url.port));
  url.port = String(proxy.port);
  const dataDir = await mkdtemp(join(tmpdir(), 'unkey-metrics-'));
  const env = {
    DATABASE_URL: url.href,
    UNKEY_MASTER_KEY: randomBytes(32).toString('base64'),
    UNKEY_ROOT_KEY: rootKey,
  };
  const { url: at, call } = await startServer({ dataDir, env, rootKey });
  const { apiId } = (await call('apis.createApi', { name: 'docs' })).body.data;
  const { key } = (await call('keys.createKey', { apiId })).body.data;
  await call('keys.verifyKey', { key });
  await call('ratelimit.limit', { namespace: 'docs', identifier: 'ann', limit: 1, duration: 60_000 });
  // A job has run to its end.
  await vi.waitFor(
    async () => expect(await metricsOf(at)).toContain('_last_success_timestamp_seconds{'),
    30_000,
  );
  proxy.drop();
  expect((await call('apis.createApi', { name: 'refused' })).status).toBe(503);
  // What only SQLite has.
  const small = await startServer({ dataDir: join(dataDir, 'sqlite') });
  page = `${await metricsOf(at)}\n${await metricsOf(small.url)}`;
  series = seriesOf(page);
  await endServers();
  await proxy.close();
  await database.drop();
  await rm(dataDir, { recursive: true });
});

afterAll(endServers);

test('every alert selects series that a service has', () => {
  const { groups } = parse(read('deploy/prometheus/alerts.yaml'));
  // biome-ignore lint/suspicious/noExplicitAny: a file of Prometheus
  const expressions: string[] = groups.flatMap((group: any) => group.rules.map((rule: any) => rule.expr));
  expect(expressions.length).toBeGreaterThan(10);
  expect(expressions.flatMap(unknownSelectors)).toEqual([]);
});

test('every query of the dashboard selects series that a service has', () => {
  const { panels } = JSON.parse(read('deploy/grafana/dashboard.json'));
  // biome-ignore lint/suspicious/noExplicitAny: a file of Grafana
  const queries: string[] = panels.flatMap((panel: any) => panel.targets.map((target: any) => target.expr));
  expect(queries.length).toBeGreaterThan(20);
  expect(queries.flatMap(unknownSelectors)).toEqual([]);
});

test('every label that an alert or the dashboard groups by is on a metric', () => {
  const texts = [read('deploy/prometheus/alerts.yaml'), read('deploy/grafana/dashboard.json')];
  const named = texts.flatMap((text) => [
    ...[...text.matchAll(/ by \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(/, */)),
    ...[...text.matchAll(/\{\{ *(?:\$labels\.)?([a-z]+) *\}\}/g)].map(([, label = '']) => label),
  ]);
  const known = new Set([...series.values()].flat().flatMap((labels) => Object.keys(labels)));
  expect(named.filter((label) => !known.has(label) && !['job', 'instance'].includes(label))).toEqual([]);
});

test('no metric has a label that Prometheus sets itself', () => {
  const labels = [...series.values()].flat().flatMap((each) => Object.keys(each));
  expect(labels.filter((label) => label === 'job' || label === 'instance')).toEqual([]);
});

test('every metric that a page names exists', () => {
  const pages = ['README.md', 'docs/administration.md', 'docs/deployment.md', 'docs/operations.md'];
  const named = pages.flatMap((file) =>
    [...read(file).matchAll(/`[^`\n]*\b(?:unkey|process|nodejs)_[^`\n]*`/g)].flatMap(([span]) =>
      unknownSelectors(span.replaceAll('`', '')).map((selector) => `${file}: ${selector}`),
    ),
  );
  expect(named).toEqual([]);
});

test('every alert is on the page of operations, and no other', () => {
  const inFile = [...read('deploy/prometheus/alerts.yaml').matchAll(/alert: (\w+)/g)].map(([, name]) => name);
  const onPage = [...read('docs/operations.md').matchAll(/`(Unkey[A-Z]\w+)`/g)].map(([, name]) => name);
  expect([...new Set(onPage)].sort()).toEqual(inFile.sort());
});

/** Selectors of an expression of PromQL that match nothing on the page. What a scrape itself adds counts as there. */
function unknownSelectors(expression: string): string[] {
  return [...expression.matchAll(/\b((?:unkey|process|nodejs)_[a-z_]+|up)\b(?!\()(?:\{([^}]*)\})?/g)]
    .filter(([, name = '', matchers = '']) => {
      if (name === 'up') return false;
      const wanted = [...matchers.matchAll(/(\w+)(=~|=)"([^"]*)"/g)].filter(
        ([, label]) => label !== 'job' && label !== 'instance',
      );
      // A histogram without its suffixes, or a metric that has no value yet.
      if (wanted.length === 0 && page.includes(`# TYPE ${name} `)) return false;
      return !series
        .get(name)
        ?.some((labels) =>
          wanted.every(([, label = '', operator, value = '']) =>
            operator === '='
              ? labels[label] === value
              : labels[label] !== undefined && new RegExp(`^(?:${value})$`).test(labels[label]),
          ),
        );
    })
    .map(([selector]) => selector);
}

async function metricsOf(url: string): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}

function seriesOf(text: string): Map<string, Record<string, string>[]> {
  const found = new Map<string, Record<string, string>[]>();
  for (const [, name = '', labels = ''] of text.matchAll(/^([a-z_]+)(?:\{(.*)\})? /gm)) {
    const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, value]) => [label, value]);
    found.set(name, [...(found.get(name) ?? []), Object.fromEntries(pairs)]);
  }
  return found;
}
