import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { OperationId } from '@unkey-ts/contract';
import type { Benchmark, Report } from './benchmark.ts';
import { type Latencies, type Load, startLoad } from './load.ts';
import { command, type MeasuredService, newFolder, serviceEnv } from './measured-process.ts';
import {
  counts,
  type MillionStore,
  makeMillionStore,
  openBeside,
  returnedIdentity,
  withDatabase,
} from './million-store.ts';
import { probeOf, probesPerSecond } from './probe.ts';
import { median } from './rounds.ts';
import { type Started, withStarted } from './started.ts';
import { verify } from './workloads.ts';

const rounds = 3;
const secondsOfRound = 4;

/** Work beside the probe, again and again until it is over. */
type Work = (isOver: () => boolean) => Promise<unknown>;

interface Row {
  readonly name: string;
  /** Before the service starts. */
  readonly before?: () => void;
  /** Waits until the work has begun. */
  readonly until?: (service: MeasuredService) => Promise<void>;
  readonly work: (service: MeasuredService) => Work | Promise<Work>;
  /** The service does it from its start: there is no idle round, so the last one of the row before is compared. */
  readonly isOfItself?: boolean;
  /** Default: several. */
  readonly rounds?: number;
}

export const millionKeys: Benchmark = {
  name: 'million-keys',
  title:
    `${probesPerSecond} plain verifications a second beside other work on a SQLite database with ` +
    `${counts.keys + counts.deletedKeys} keys; medians of ${rounds} rounds of ${secondsOfRound} s, ` +
    'each after an idle round',
  run: (report) =>
    withStarted(async (started) => {
      const store = await makeMillionStore(started);
      let idle: readonly Latencies[] = [];
      for (const row of rowsOf(store)) idle = await measure(row, { store, idle, report });
    }),
};

/** A service of its own for each row: a row before it may have left work behind. */
async function measure(
  row: Row,
  { store, idle, report }: { store: MillionStore; idle: readonly Latencies[]; report: Report },
): Promise<readonly Latencies[]> {
  return withStarted(async (started) => {
    row.before?.();
    const service = await started.service({ folder: store.folder, env: { UNKEY_AUDIT_RETENTION: '30d' } });
    const probe = await startProbe(service, started);
    const work = await row.work(service);
    // Compiles what the probe and the work need.
    await probe.during(work);
    await row.until?.(service);
    const [alone, beside]: [Latencies[], Latencies[]] = [[], []];
    for (let round = 0; round < (row.rounds ?? rounds); round++) {
      if (row.isOfItself !== true) alone.push(await probe.during(nothing));
      beside.push(await probe.during(work));
    }
    const compared = row.isOfItself === true ? idle : alone;
    for (const which of ['p50', 'p99', 'max'] as const) {
      const value = median(beside.map((one) => one[which]));
      const baseline = { what: 'idle', value: median(compared.map((one) => one[which])) };
      report({ what: `${row.name}, ${which}`, value, unit: 'ms', baseline });
    }
    return compared;
  });
}

async function startProbe(service: MeasuredService, started: Started) {
  const load: Load = startLoad();
  started.onStop(load.stop);
  const job = await probeOf(service, secondsOfRound);
  return {
    async during(work: Work): Promise<Latencies> {
      let isOver = false;
      const working = work(() => isOver);
      const latencies = await load.run(job);
      isOver = true;
      await working;
      return latencies;
    },
  };
}

function rowsOf(store: MillionStore): Row[] {
  const { apiId, emptiedApiId, folder } = store;
  let deletedIdentities = 0;
  return [
    calls('4 clients that list an identity’s keys', 4, 'apis.listKeys', () => ({
      apiId,
      externalId: 'user_7',
    })),
    calls('4 clients that list keys behind deleted ones', 4, 'apis.listKeys', () => ({
      apiId: emptiedApiId,
    })),
    calls('4 clients that search identities', 4, 'identities.listIdentities', () => ({
      search: 'user_19999',
    })),
    calls('1 client that creates keys', 1, 'keys.createKey', () => ({ apiId })),
    calls('16 clients that create keys', 16, 'keys.createKey', () => ({ apiId })),
    calls('1 client that migrates 100 keys a call', 1, 'keys.migrateKeys', () => ({
      apiId,
      migrationId: store.migrationId,
      keys: Array.from({ length: 100 }, () => ({ hash: randomBytes(32).toString('hex') })),
    })),
    calls('4 clients that delete identities', 4, 'identities.deleteIdentity', () => ({
      identity: `user_${20_000 + deletedIdentities++}`,
    })),
    {
      name: 'an identity that was made again is deleted',
      work: ({ call }) =>
        untilOver(1, async () => {
          await call('identities.deleteIdentity', { identity: returnedIdentity });
          await call('identities.createIdentity', { externalId: returnedIdentity });
        }),
    },
    callOnce('a permission of 100,000 keys is deleted', 'permissions.deletePermission', {
      permission: store.permissionId,
    }),
    callOnce('a role of 100,000 keys is deleted', 'permissions.deleteRole', { role: store.roleId }),
    { name: '16 clients that spend credits of 1,000 keys', work: spend },
    { name: 'a backup', work: () => untilOver(1, () => backUp(folder)) },
    { name: 'another process has locked the database', work: (service) => lock(service, store), rounds: 1 },
    refills(folder),
    {
      name: 'removal of a deleted API, and of old audit records',
      isOfItself: true,
      before: () =>
        withDatabase(folder, (database) =>
          database.exec(`UPDATE apis SET deleted_at = ${Date.now() - 31 * 86_400_000} WHERE id = '${apiId}'`),
        ),
      work: () => nothing,
    },
  ];
}

function untilOver(clients: number, one: () => Promise<unknown>): Work {
  return async (isOver) => {
    const client = async () => {
      while (!isOver()) await one();
    };
    await Promise.all(Array.from({ length: clients }, client));
  };
}

function calls(name: string, clients: number, operation: OperationId, body: () => object): Row {
  return { name, work: ({ call }) => untilOver(clients, () => call(operation, body())) };
}

function callOnce(name: string, operation: OperationId, body: object): Row {
  let isDone = false;
  return {
    name,
    rounds: 1,
    work: ({ call }) => {
      let round = 0;
      return async () => {
        // The first round is the one that compiles.
        if (round++ === 0 || isDone) return;
        isDone = true;
        await call(operation, body);
      };
    },
  };
}

async function spend({ call }: MeasuredService): Promise<Work> {
  const keys = await Promise.all(
    Array.from({ length: 10 }, () => verify(call, { credits: { remaining: 1_000_000_000 } })),
  );
  const bodies = keys.flatMap((workload) => workload.bodies as readonly string[]);
  let next = 0;
  return untilOver(16, () => call('keys.verifyKey', JSON.parse(bodies[next++ % bodies.length] ?? '')));
}

async function backUp(folder: string): Promise<void> {
  const target = await newFolder();
  const args = [command, 'backup', join(target.path, 'backup'), '--data-dir', folder];
  const child = spawn(process.execPath, args, { env: serviceEnv, stdio: ['ignore', 'ignore', 'inherit'] });
  await once(child, 'exit');
  await target.remove();
}

/** Writes wait for the lock; nothing else does. */
function lock({ call }: MeasuredService, { apiId, folder }: MillionStore): Work {
  return async (isOver) => {
    const database = openBeside(folder);
    database.exec('BEGIN IMMEDIATE');
    const writing = Array.from({ length: 16 }, () => call('keys.createKey', { apiId }).catch(() => {}));
    while (!isOver()) await pause(50);
    database.exec('ROLLBACK');
    database.close();
    await Promise.all(writing);
  };
}

function refills(folder: string): Row {
  return {
    name: `refills of ${counts.refilled} keys`,
    isOfItself: true,
    before: () =>
      withDatabase(folder, (database) =>
        database.exec('UPDATE keys SET next_refill_at = 1 WHERE refill_amount IS NOT NULL'),
      ),
    until: async ({ url }) => {
      while (!/unkey_job_running\{name="refill"\} 1/.test(await (await fetch(`${url}/metrics`)).text())) {
        await pause(500);
      }
    },
    work: () => nothing,
  };
}

async function nothing(): Promise<void> {}
