import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Unkey as TheirUnkey } from '@unkey/api';
import { Pool } from 'undici';
import { type Fetch, Unkey } from 'unkey-ts';
import { nodeFetch } from 'unkey-ts/node';
import type { Benchmark, Report } from './benchmark.ts';
import { interleave, median, medianRatio } from './rounds.ts';

const rounds = 25;
const callsPerRound = 320;
const rootKey = 'unkey_3Zq8w2kT7mX1vB5n';
const body = { key: 'prod_2kT7mX1vB5n3Zq8w', permissions: 'documents.read AND documents.write' };

export const clientCall: Benchmark = {
  name: 'client-call',
  title: `microseconds of a verifyKey on loopback, JSON and body included; median of ${rounds} rounds`,
  async run(report) {
    const server = fork(fileURLToPath(new URL('fixed-response.js', import.meta.url)));
    const [port] = (await once(server, 'message')) as [number];
    const serverURL = `http://127.0.0.1:${port}`;
    const pool = new Pool(serverURL);
    try {
      await measure(callsTo(serverURL, pool), { atOnce: 1 }, report);
      await measure(callsTo(serverURL, pool), { atOnce: 32 }, report);
    } finally {
      await pool.close();
      server.disconnect();
    }
  },
};

const labels = {
  fetch: 'bare fetch and JSON.parse',
  abortableFetch: 'the same with an AbortSignal',
  ours: 'unkey-ts',
  oursOnNode: 'unkey-ts with nodeFetch',
  oursOnUndici: 'unkey-ts with a pool of undici',
  theirs: '@unkey/api',
} as const;
type Candidate = keyof typeof labels;
const names = Object.keys(labels) as Candidate[];

function callsTo(serverURL: string, pool: Pool): Record<Candidate, () => Promise<unknown>> {
  const headers = { authorization: `Bearer ${rootKey}`, 'content-type': 'application/json' };
  const ours = new Unkey({ rootKey, serverURL });
  const oursOnNode = new Unkey({ rootKey, serverURL, fetch: nodeFetch() });
  const oursOnUndici = new Unkey({ rootKey, serverURL, fetch: fetchFrom(pool) });
  const theirs = new TheirUnkey({ rootKey, serverURL });
  const bareFetch = async (more: RequestInit) => {
    const response = await fetch(`${serverURL}/v2/keys.verifyKey`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      ...more,
    });
    return JSON.parse(await response.text());
  };
  return {
    fetch: () => bareFetch({}),
    // Every call with a deadline has this cost.
    abortableFetch: () => bareFetch({ signal: new AbortController().signal }),
    ours: () => ours.keys.verifyKey(body),
    oursOnNode: () => oursOnNode.keys.verifyKey(body),
    oursOnUndici: () => oursOnUndici.keys.verifyKey(body),
    theirs: () => theirs.keys.verifyKey(body),
  };
}

/** A connection pool as the documentation of the client recommends it. */
function fetchFrom(pool: Pool): Fetch {
  return async (url, { method, headers, body, signal }) => {
    const answer = await pool.request({
      path: new URL(url).pathname,
      method: method as 'POST',
      headers,
      body: body ?? null,
      signal: signal as AbortSignal,
    });
    const get = (name: string) => answer.headers[name.toLowerCase()]?.toString() ?? null;
    return { status: answer.statusCode, headers: { get }, text: () => answer.body.text() };
  };
}

async function measure(
  calls: Record<Candidate, () => Promise<unknown>>,
  { atOnce }: { readonly atOnce: number },
  report: Report,
): Promise<void> {
  const cpu = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Candidate, number[]>;
  const candidates = Object.fromEntries(
    names.map((name) => [
      name,
      async () => {
        const spent = await timeOf(calls[name], atOnce);
        cpu[name].push(spent.cpu);
        return spent.wall;
      },
    ]),
  ) as Record<Candidate, () => Promise<number>>;
  const wall = await interleave(candidates, rounds);

  const how = atOnce === 1 ? 'one by one' : `${atOnce} at once`;
  for (const [kind, values] of [[how, wall] as const, [`${how}, CPU`, cpu] as const]) {
    const baseline = { what: `${labels.fetch}, ${kind}`, value: median(values.fetch) };
    report({ ...baseline, unit: 'µs' });
    for (const name of names.slice(1)) {
      const ratio = medianRatio(values[name], values.fetch);
      report({
        what: `${labels[name]}, ${kind}`,
        value: median(values[name]),
        unit: 'µs',
        baseline: { what: 'bare fetch', value: baseline.value },
        ratio,
      });
    }
  }
}

/** Microseconds of a call: wall-clock time and CPU time of this process. */
async function timeOf(call: () => Promise<unknown>, atOnce: number): Promise<{ wall: number; cpu: number }> {
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  let left = callsPerRound;
  const one = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  const wall = (performance.now() - startedAt) * 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { wall: wall / callsPerRound, cpu: (user + system) / callsPerRound };
}
