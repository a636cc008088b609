import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { OperationId } from '@unkey-ts/contract';
import { execute, type Postgres } from '../tests/postgres.ts';
import type { Benchmark, Report } from './benchmark.ts';
import { migrationId } from './imports.ts';
import { type Load, startLoad } from './load.ts';
import { type MeasuredService, rootKey } from './measured-process.ts';
import { interleave, median, medianRatio } from './rounds.ts';
import { startedPostgres } from './shared-data.ts';
import { type Started, withStarted } from './started.ts';
import { type Call, newApi } from './workloads.ts';

const rounds = 3;
const connectionCounts = [1, 8, 32] as const;
/** The bundle of the command of another build, to compare with. */
const otherCommand = process.env.BASELINE;
const baseName = 'BASELINE';
const processCount = 3;
const keyCount = 101;

/** The body of the request with this number; numbers do not repeat. */
type BodyOf = (number: number) => object;

interface Kind {
  readonly name: string;
  readonly operation: OperationId;
  /** Requests of a round with 32 connections. */
  readonly requests: number;
  readonly expected: string;
  prepare(call: Call): Promise<BodyOf>;
}

const ok = '"data":';

const kinds: readonly Kind[] = [
  {
    name: 'writes-create-key',
    operation: 'keys.createKey',
    requests: 1000,
    expected: '"keyId":"key_',
    async prepare(call) {
      const apiId = await newApi(call);
      return () => ({ apiId, name: 'made by the load' });
    },
  },
  {
    name: 'writes-update-key',
    operation: 'keys.updateKey',
    requests: 1000,
    expected: ok,
    prepare: (call) => onKeys(call, (keyId, number) => ({ keyId, name: `Name ${number}` })),
  },
  {
    name: 'writes-add-permissions',
    operation: 'keys.addPermissions',
    requests: 1000,
    expected: ok,
    prepare: (call) =>
      onKeys(call, (keyId, number) => ({
        keyId,
        permissions: [`permission_${Math.floor(number / keyCount)}`],
      })),
  },
  {
    name: 'writes-set-roles',
    operation: 'keys.setRoles',
    requests: 1000,
    expected: ok,
    async prepare(call) {
      for (const name of ['reader', 'writer']) await call('permissions.createRole', { name });
      // The number of keys is odd: each request finds the other role.
      return onKeys(call, (keyId, number) => ({ keyId, roles: [number % 2 === 0 ? 'reader' : 'writer'] }));
    },
  },
  {
    name: 'writes-create-identity',
    operation: 'identities.createIdentity',
    requests: 1000,
    expected: '"identityId":"id_',
    prepare: async () => (number) => ({ externalId: `user_${number}` }),
  },
  {
    name: 'writes-set-override',
    operation: 'ratelimit.setOverride',
    requests: 1000,
    expected: '"overrideId":"rlor_',
    async prepare(call) {
      await call('ratelimit.limit', { namespace: 'bench', identifier: 'user', limit: 10, duration: 60_000 });
      return (number) => ({
        namespace: 'bench',
        identifier: `user_${number % 10}`,
        limit: number,
        duration: 60_000,
      });
    },
  },
  {
    name: 'writes-migrate-keys',
    operation: 'keys.migrateKeys',
    requests: 64,
    expected: '"failed":[]',
    async prepare(call) {
      const apiId = await newApi(call);
      const newKey = () => ({ hash: randomBytes(32).toString('hex'), name: 'imported' });
      return () => ({ apiId, migrationId, keys: Array.from({ length: 100 }, newKey) });
    },
  },
];

async function onKeys(call: Call, bodyOf: (keyId: string, number: number) => object): Promise<BodyOf> {
  const apiId = await newApi(call);
  const keyIds: string[] = [];
  while (keyIds.length < keyCount) {
    keyIds.push(JSON.parse(await call('keys.createKey', { apiId })).data.keyId);
  }
  return (number) => bodyOf(keyIds[number % keyCount] ?? '', number);
}

/** What it is called, the number of processes, and of connections. */
const cases = [
  ...connectionCounts.map((count) => [`${count} c`, 1, count] as const),
  [`${processCount} processes, 32 c`, processCount, 32] as const,
];

interface Round {
  readonly perSecond: number;
  /** CPU microseconds for each request, of the service and of PostgreSQL. */
  readonly service: number;
  readonly database: number;
}

const figures = [
  { what: 'a second', unit: '', of: ({ perSecond }: Round) => perSecond },
  { what: 'CPU of the service', unit: 'µs', of: ({ service }: Round) => service },
  { what: 'CPU of PostgreSQL', unit: 'µs', of: ({ database }: Round) => database },
] as const;

export const writeBenchmarks: readonly Benchmark[] = kinds.map((kind) => ({
  name: kind.name,
  title:
    `${kind.operation} on PostgreSQL, one workspace; with ${connectionCounts.join(', ')} connections (c), and with ` +
    `${processCount} processes; medians of ${rounds} rounds`,
  run: (report) =>
    withStarted(async (started) => {
      const postgres = await startedPostgres(started);
      if (postgres === null)
        return console.log('  PostgreSQL is not installed here: its lines are left out.');
      const loads = Array.from({ length: processCount }, startLoad);
      for (const load of loads) started.onStop(load.stop);
      const place = { postgres, loads, kind };
      const builds: Record<string, Build> = { here: await startBuild(started, place) };
      if (otherCommand !== undefined) builds[baseName] = await startBuild(started, place, otherCommand);
      for (const [label, processes, connections] of cases) {
        const runs = Object.entries(builds).map(([build, run]) => [build, () => run(processes, connections)]);
        reportRounds(`${kind.name}, ${label}`, await interleave(Object.fromEntries(runs), rounds), report);
      }
    }),
}));

interface Place {
  readonly postgres: Postgres;
  readonly loads: readonly Load[];
  readonly kind: Kind;
}

/** Sends the requests of one round to this number of processes. */
type Build = (processes: number, connections: number) => Promise<Round>;

/** Processes on one new database. */
async function startBuild(started: Started, place: Place, command?: string): Promise<Build> {
  const { url } = await place.postgres.createDatabase();
  const env = { DATABASE_URL: url };
  const start = () => started.service({ env, isPinned: false, command });
  const first = await start();
  // In SQL, because another build may have another schema.
  await execute(
    url,
    `INSERT INTO migrations (id, workspace_id, name, algorithm, created_at)
      SELECT '${migrationId}', id, 'Bench', 'sha256', 0 FROM workspaces`,
  );
  const services = [first, ...(await Promise.all(Array.from({ length: processCount - 1 }, start)))];
  const bodyOf = await place.kind.prepare(first.call);
  let sent = 0;
  const next = () => JSON.stringify(bodyOf(sent++));
  return (processes, connections) => roundOf(services.slice(0, processes), { ...place, connections, next });
}

async function roundOf(
  services: readonly MeasuredService[],
  { postgres, loads, kind, connections, next }: Place & { connections: number; next: () => string },
): Promise<Round> {
  const total = Math.ceil(kind.requests * Math.min(1, connections / 16));
  const requests = Math.ceil(total / services.length);
  const jobs = services.map(({ url }) => ({
    url,
    path: `/v2/${kind.operation}`,
    rootKey,
    bodies: Array.from({ length: requests }, next),
    expected: kind.expected,
    connections: Math.ceil(connections / services.length),
    perSecond: null,
    requests,
  }));
  const before = await cpuOf(services, postgres);
  const startedAt = performance.now();
  await Promise.all(jobs.map((job, index) => loads[index]?.run(job)));
  const seconds = (performance.now() - startedAt) / 1000;
  const after = await cpuOf(services, postgres);
  const sent = requests * services.length;
  return {
    perSecond: sent / seconds,
    service: (after.service - before.service) / sent,
    database: (after.database - before.database) / sent,
  };
}

function reportRounds(name: string, measured: Record<string, readonly Round[]>, report: Report): void {
  const { here = [], [baseName]: bases } = measured;
  for (const { what, unit, of } of figures) {
    const values = here.map(of);
    const figure = { what: `${name}, ${what}`, value: Math.round(median(values)), unit };
    if (bases === undefined) report(figure);
    else {
      const baseline = { what: baseName, value: Math.round(median(bases.map(of))) };
      report({ ...figure, baseline, ratio: medianRatio(values, bases.map(of)) });
    }
  }
}

async function cpuOf(services: readonly MeasuredService[], postgres: Postgres) {
  const usages = await Promise.all(services.map((service) => service.usage('cpu')));
  return {
    service: usages.reduce((sum, { cpuMicroseconds }) => sum + cpuMicroseconds, 0),
    database: childrenCpu(postgres.pid),
  };
}

/** CPU microseconds of the processes of a PostgreSQL that are running, from Linux; NaN elsewhere. */
function childrenCpu(parent: number): number {
  if (process.platform !== 'linux') return Number.NaN;
  const ticks = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        const [, rest = ''] = /\) (.*)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
        const fields = rest.split(' ');
        return Number(fields[1]) === parent ? Number(fields[11]) + Number(fields[12]) : 0;
      } catch {
        return 0;
      }
    });
  return ticks.reduce((sum, one) => sum + one, 0) * 10_000;
}
