import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Postgres, startPostgres } from '../tests/postgres.ts';
import { type RedisServer, startRedis } from '../tests/redis.ts';
import type { Benchmark, Report } from './benchmark.ts';
import { startLoad } from './load.ts';
import {
  type MeasuredProcess,
  type MeasuredService,
  newFolder,
  rootKey,
  startBareHandler,
  startService,
} from './measured-process.ts';
import { interleave, median, medianRatio } from './rounds.ts';
import { prepareWorkloads, type Workload, type WorkloadName, workloadNames } from './workloads.ts';

const rounds = 5;
const atOnce = 32;
const requests: Record<WorkloadName, number> = {
  verify: 3000,
  'verify, credits': 1500,
  'verify, two limits': 3000,
  limit: 3000,
  createKey: 300,
};
/** Of the bare handler, which is quick. */
const bareRequests = 3000;

/** Processes that share their data, and what they are asked. */
interface Setup {
  readonly processes: readonly [MeasuredService, ...MeasuredService[]];
  readonly workloads: Record<WorkloadName, Workload>;
}

type Setups = { readonly SQLite: Setup } & Readonly<Record<string, Setup>>;
type Load = ReturnType<typeof startLoad>;
type Closer = () => Promise<void>;

interface Compared {
  readonly setups: Setups;
  readonly bare: MeasuredProcess;
  readonly load: Load;
}

export const serviceSpeed: Benchmark = {
  name: 'service-speed',
  title:
    `${atOnce} requests at once on loopback, medians of ${rounds} rounds; CPU is that of the service's processes; ` +
    'PG is PostgreSQL, ×3 three processes',
  async run(report) {
    const closers: Closer[] = [];
    try {
      const setups = await startSetups(closers);
      const bare = await startBareHandler(await exampleAnswers(setups.SQLite));
      closers.push(bare.stop);
      const load = startLoad();
      closers.push(async () => load.stop());
      for (const name of workloadNames) await compare(name, { setups, bare, load }, report);
    } finally {
      for (const close of closers.toReversed()) await close();
    }
  },
};

async function startSetups(closers: Closer[]): Promise<Setups> {
  const startOne = async (env: Record<string, string>): Promise<MeasuredService> => {
    const folder = await newFolder();
    closers.push(folder.remove);
    const service = await startService(folder.path, env);
    closers.push(service.stop);
    return service;
  };
  const start = async (count: number, env: Record<string, string> = {}): Promise<Setup> => {
    const first = await startOne(env);
    const workloads = await prepareWorkloads(first);
    const others = await Promise.all(Array.from({ length: count - 1 }, () => startOne(env)));
    return { processes: [first, ...others], workloads };
  };

  const sqlite = { SQLite: await start(1) };
  const parts = await startParts(closers);
  if (parts === null) {
    console.log('  PostgreSQL or Redis is not installed here: their lines are left out.');
    return sqlite;
  }
  const { postgres, redis } = parts;
  const newDatabase = async () => ({ DATABASE_URL: (await postgres.createDatabase()).url });
  return {
    ...sqlite,
    'PG+Redis': await start(1, { ...(await newDatabase()), REDIS_URL: redis.url }),
    'PG+Redis ×3': await start(3, { ...(await newDatabase()), REDIS_URL: redis.url }),
    PG: await start(1, await newDatabase()),
  };
}

/** Commits are on disk before they are acknowledged, as in production. Null where they are not installed. */
async function startParts(closers: Closer[]): Promise<{ postgres: Postgres; redis: RedisServer } | null> {
  const folders = (process.env.PATH ?? '').split(':');
  const isOnPath = (program: string) => folders.some((folder) => existsSync(join(folder, program)));
  // Debian's PostgreSQL is not on the path.
  const hasPostgres = existsSync('/usr/lib/postgresql') || isOnPath('initdb');
  if (!hasPostgres || !isOnPath('redis-server')) return null;
  const postgres = await startPostgres({ fsync: 'on' });
  closers.push(postgres.close);
  const redis = await startRedis();
  closers.push(redis.stop);
  return { postgres, redis };
}

/** What the service says, so that the bare handler says as much. */
function exampleAnswers({ processes, workloads }: Setup): Promise<string[]> {
  return Promise.all(
    workloadNames.map((name) => {
      const { operation, bodies } = workloads[name];
      return processes[0].call(operation, JSON.parse(bodies[0] ?? ''));
    }),
  );
}

interface Spent {
  /** Microseconds of all the processes together, a request. */
  readonly cpu: number;
  /** Requests. */
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p99: number;
}

const figures = [
  { what: 'CPU', unit: 'µs', of: ({ cpu }: Spent) => cpu },
  { what: 'a second', unit: '', of: ({ perSecond }: Spent) => perSecond },
  { what: 'p99', unit: 'ms', of: ({ p99 }: Spent) => p99 },
] as const;

const bareName = 'bare handler';

/** All setups and the bare handler in turns, under the same load. */
async function compare(name: WorkloadName, { setups, bare, load }: Compared, report: Report): Promise<void> {
  const candidates: Record<string, () => Promise<Spent>> = {};
  for (const [setup, { processes, workloads }] of Object.entries(setups)) {
    const workload = workloads[name];
    const path = `/v2/${workload.operation}`;
    const ask = (count: number) => spend({ processes, path, workload, load, requests: count });
    candidates[setup] = () => ask(requests[name]);
    // With its part of the first round, each of several is as warm after it as a single one.
    if (processes.length > 1) await ask(requests[name] * (processes.length - 1));
    // What the bare handler is asked is what the first setup is asked.
    candidates[bareName] ??= () =>
      spend({
        processes: [bare],
        path: `/${workloadNames.indexOf(name)}`,
        workload,
        load,
        requests: bareRequests,
      });
  }
  const spent = await interleave(candidates, rounds);
  const baselines = spent[bareName] ?? [];
  for (const { what, unit, of } of figures) {
    const baseline = { what: bareName, value: rounded(median(baselines.map(of)), unit) };
    report({ what: `${name}, ${bareName}, ${what}`, value: baseline.value, unit });
    for (const setup of Object.keys(setups)) {
      const values = (spent[setup] ?? []).map(of);
      const ratio = medianRatio(values, baselines.map(of));
      report({
        what: `${name}, ${setup}, ${what}`,
        value: rounded(median(values), unit),
        unit,
        baseline,
        ratio,
      });
    }
  }
}

/** A count has no fraction. */
function rounded(value: number, unit: string): number {
  return unit === '' ? Math.round(value) : value;
}

async function spend({
  processes,
  path,
  workload: { bodies, expected },
  load,
  requests,
}: {
  readonly processes: readonly MeasuredProcess[];
  readonly path: string;
  readonly workload: Workload;
  readonly load: Load;
  readonly requests: number;
}): Promise<Spent> {
  const urls = processes.map(({ url }) => url);
  const before = await cpuOf(processes);
  const { wallMs, p99 } = await load.run({ urls, path, rootKey, bodies, requests, atOnce, expected });
  const cpu = (await cpuOf(processes)) - before;
  return { cpu: cpu / requests, perSecond: (requests / wallMs) * 1000, p99 };
}

async function cpuOf(processes: readonly MeasuredProcess[]): Promise<number> {
  const usages = await Promise.all(processes.map((process) => process.usage('cpu')));
  return usages.reduce((sum, { cpuMicroseconds }) => sum + cpuMicroseconds, 0);
}
