import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { type Config, loadConfig, openStorage } from '@unkey-ts/server';
import pg from 'pg';
import type { Benchmark, Report } from './benchmark.ts';
import { serviceEnv } from './measured-process.ts';
import { interleave, median, medianRatio } from './rounds.ts';
import { startedPostgres } from './shared-data.ts';
import { type Started, withStarted } from './started.ts';
import { newApi } from './workloads.ts';

const clients = 64;
const rounds = 7;
const msOfRound = 1000;
const keyCount = 1000;
const plenty = 1_000_000_000;
/** The same number of connections as the service has. */
const connectionsOfBaseline = 10;

type Spend = (keyId: string) => Promise<unknown> | unknown;

/** Spends on some keys: in group commits, and with one commit for each. */
interface Place {
  readonly keyIds: readonly string[];
  readonly grouped: Spend;
  readonly oneByOne: Spend;
}

export const spends: Benchmark = {
  name: 'spends',
  title:
    `credits that are taken durably, a second, by ${clients} clients at once; without HTTP; medians of ${rounds} rounds of ` +
    `${msOfRound / 1000} s`,
  run: (report) =>
    withStarted(async (started) => {
      await compareSpends('SQLite, full sync', await onSqlite(started), report);
      const postgres = await startedPostgres(started);
      if (postgres === null) console.log('  PostgreSQL is not installed here: its lines are left out.');
      else {
        const { url } = await postgres.createDatabase();
        await compareSpends('PostgreSQL', await onPostgres(started, url), report);
      }
    }),
};

async function compareSpends(
  database: string,
  { keyIds, grouped, oneByOne }: Place,
  report: Report,
): Promise<void> {
  const rates = await interleave(
    {
      oneByOne: () => rateOf(oneByOne, keyIds.slice(0, 1)),
      oneByOneMany: () => rateOf(oneByOne, keyIds),
      hot: () => rateOf(grouped, keyIds.slice(0, 1)),
      many: () => rateOf(grouped, keyIds),
    },
    rounds,
  );
  for (const [keys, values, bases] of [
    ['one key', rates.hot, rates.oneByOne] as const,
    [`${keyIds.length} keys`, rates.many, rates.oneByOneMany] as const,
  ]) {
    const baseline = { what: 'one commit for each', value: Math.round(median(bases)) };
    report({ what: `${database}, ${keys}, one commit for each`, value: baseline.value, unit: '' });
    const value = Math.round(median(values));
    const ratio = medianRatio(values, bases);
    report({ what: `${database}, ${keys}, the service's`, value, unit: '', baseline, ratio });
  }
}

/** Spends per second; each client spends again when its last spend is done. */
async function rateOf(spend: Spend, keyIds: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  const until = startedAt + msOfRound;
  let done = 0;
  const client = async (number: number) => {
    for (let turn = number; performance.now() < until; turn += clients) {
      await spend(keyIds[turn % keyIds.length] ?? '');
      done++;
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
  return (done / (performance.now() - startedAt)) * 1000;
}

async function onSqlite(started: Started): Promise<Place> {
  const folder = await started.folder();
  const made = await madeKeys(started, folder);
  // A database of its own: each store must be the only writer of its file.
  const ownFolder = await started.folder();
  const own = await madeKeys(started, ownFolder);
  const database = new DatabaseSync(join(ownFolder, 'unkey.sqlite'));
  started.onStop(() => database.close());
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  const spend = database.prepare(
    'UPDATE keys SET credits_remaining = credits_remaining - 1 WHERE id = ? AND credits_remaining >= 1',
  );
  return {
    keyIds: made.keyIds,
    grouped: await spenderOf(started, made.workspaceId, configOf(folder)),
    oneByOne: (keyId) => spend.run(own.keyIds[made.keyIds.indexOf(keyId)] ?? ''),
  };
}

async function onPostgres(started: Started, url: string): Promise<Place> {
  const folder = await started.folder();
  const env = { DATABASE_URL: url };
  const { keyIds, workspaceId } = await madeKeys(started, folder, env);
  const pool = new pg.Pool({ connectionString: url, max: connectionsOfBaseline });
  started.onStop(() => pool.end());
  const text =
    'UPDATE keys SET credits_remaining = credits_remaining - 1 WHERE id = $1 AND credits_remaining >= 1';
  return {
    keyIds,
    grouped: await spenderOf(started, workspaceId, configOf(folder, env)),
    oneByOne: (keyId) => pool.query({ name: 'spend', text, values: [keyId] }),
  };
}

/** Keys with credits, created by a service that has stopped. */
async function madeKeys(started: Started, folder: string, env: Readonly<Record<string, string>> = {}) {
  const service = await started.service({ folder, env });
  const apiId = await newApi(service.call);
  const newKey = () => service.call('keys.createKey', { apiId, credits: { remaining: plenty } });
  const made = await Promise.all(Array.from({ length: keyCount }, newKey));
  const keyIds = made.map((answer) => String(JSON.parse(answer).data.keyId));
  await service.stop();
  const { storage } = await openStorage(configOf(folder, env));
  const [workspace] = await storage.read((store) => store.workspaces.list());
  await storage.close();
  return { keyIds, workspaceId: workspace?.id ?? '' };
}

async function spenderOf(started: Started, workspaceId: string, config: Config): Promise<Spend> {
  const { storage } = await openStorage(config);
  started.onStop(storage.close);
  return async (keyId) => {
    const { isSpent } = await storage.spendCredits(workspaceId, keyId, { cost: 1, now: Date.now() });
    if (!isSpent) throw new Error('A spend was refused.');
  };
}

function configOf(folder: string, env: Readonly<Record<string, string>> = {}): Config {
  return loadConfig({ flags: { 'data-dir': folder }, env: { ...serviceEnv, ...env }, cwd: folder });
}
