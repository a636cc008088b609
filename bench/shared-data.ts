import { existsSync } from 'node:fs';
import { type Postgres, startPostgres } from '../tests/postgres.ts';
import { type RedisServer, startRedis } from '../tests/redis.ts';
import type { Benchmark } from './benchmark.ts';
import {
  asked,
  askedBare,
  bareName,
  type Candidate,
  compare,
  exampleAnswers,
  howCompared,
} from './compare.ts';
import { isOnPath } from './cores.ts';
import type { MeasuredService } from './measured-process.ts';
import { type Started, withStarted } from './started.ts';
import { prepareWorkload, type Workload, type WorkloadName } from './workloads.ts';

const workloadNames = ['plain', 'credits', 'two limits', 'limit', 'createKey'] as const;

/** Processes that share their data, and their requests. */
interface Setup {
  readonly processes: readonly [MeasuredService, ...MeasuredService[]];
  readonly workloads: ReadonlyMap<WorkloadName, Workload>;
}

export const sharedData: Benchmark = {
  name: 'shared-data',
  title:
    'on SQLite; on PostgreSQL and Redis (PG+Redis), one process and three (×3); on PostgreSQL alone (PG); ' +
    `${howCompared}, which all share the cores with the load, the databases and each other`,
  run: (report) =>
    withStarted(async (started) => {
      const setups = await startSetups(started);
      const { SQLite } = setups;
      const onSqlite = [...SQLite.workloads.values()];
      const answers = await exampleAnswers(SQLite.processes[0], onSqlite);
      const bare = await started.bareHandler(answers, { isPinned: false });
      for (const [index, name] of workloadNames.entries()) {
        const candidates: Record<string, Candidate> = {};
        for (const [label, { processes, workloads }] of Object.entries(setups)) {
          const workload = workloads.get(name);
          if (workload === undefined) continue;
          candidates[bareName] ??= askedBare(bare, index, workload);
          candidates[label] = asked(workload, ...processes);
        }
        await compare(name, candidates, report);
      }
    }),
};

async function startSetups(
  started: Started,
): Promise<{ readonly SQLite: Setup } & Readonly<Record<string, Setup>>> {
  const start = async (count: number, env: Record<string, string> = {}): Promise<Setup> => {
    const startOne = () => started.service({ env, isPinned: false });
    const first = await startOne();
    const workloads = new Map<WorkloadName, Workload>();
    for (const name of workloadNames) workloads.set(name, await prepareWorkload(name, first.call));
    const others = await Promise.all(Array.from({ length: count - 1 }, startOne));
    return { processes: [first, ...others], workloads };
  };

  const sqlite = { SQLite: await start(1) };
  const postgres = await startedPostgres(started);
  const redis = await startedRedis(started);
  if (postgres === null || redis === null) {
    console.log('  PostgreSQL or Redis is not installed here: their lines are left out.');
    return sqlite;
  }
  const newDatabase = async () => ({ DATABASE_URL: (await postgres.createDatabase()).url });
  return {
    ...sqlite,
    'PG+Redis': await start(1, { ...(await newDatabase()), REDIS_URL: redis.url }),
    'PG+Redis ×3': await start(3, { ...(await newDatabase()), REDIS_URL: redis.url }),
    PG: await start(1, await newDatabase()),
  };
}

/** Commits are on disk before they are acknowledged, as in production. Null where it is not installed. */
export async function startedPostgres(started: Started): Promise<Postgres | null> {
  // Debian does not put its binaries on the PATH.
  if (!existsSync('/usr/lib/postgresql') && !isOnPath('initdb')) return null;
  const postgres = await startPostgres({ fsync: 'on' });
  started.onStop(postgres.close);
  return postgres;
}

async function startedRedis(started: Started): Promise<RedisServer | null> {
  if (!isOnPath('redis-server')) return null;
  const redis = await startRedis();
  started.onStop(redis.stop);
  return redis;
}
