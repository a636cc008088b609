import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import type { Benchmark, Report } from './benchmark.ts';
import { type Job, type Load, startLoad } from './load.ts';
import { command, type MeasuredService, serviceEnv } from './measured-process.ts';
import { probeOf, probesPerSecond } from './probe.ts';
import { median } from './rounds.ts';
import { startedPostgres } from './shared-data.ts';
import { type Started, withStarted } from './started.ts';
import { newApi } from './workloads.ts';

const rounds = 3;
const secondsOfRound = 2;
/** Items of a request, and what belongs to one key or namespace. */
const most = 10_000;
const MiB = 2 ** 20;

export const tenants: Benchmark = {
  name: 'tenants',
  title:
    `the longest wait of ${probesPerSecond} plain verifications a second, while another workspace sends requests of the ` +
    `largest size; medians of ${rounds} rounds of ${secondsOfRound} s`,
  run: (report) =>
    withStarted(async (started) => {
      const load = startLoad();
      started.onStop(load.stop);
      await measure({ name: 'SQLite', env: {}, started, load, report });
      const postgres = await startedPostgres(started);
      if (postgres === null) console.log('  PostgreSQL is not installed here: its lines are left out.');
      else {
        const { url } = await postgres.createDatabase();
        await measure({ name: 'PostgreSQL', env: { DATABASE_URL: url }, started, load, report });
      }
    }),
};

interface Measured {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly started: Started;
  readonly load: Load;
  readonly report: Report;
}

async function measure({ name, env, started, load, report }: Measured): Promise<void> {
  const folder = await started.folder();
  const service = await started.service({ folder, env });
  const probe = await probeOf(service, secondsOfRound);
  const tenant = await newTenant(service, { ...env, UNKEY_DATA_DIR: folder });
  const reportOf = async (what: string, act: Act) => {
    const { turn, wait } = await longest({ service, load, probe }, act);
    report({ what: `${name}: ${what}`, value: turn, unit: 'ms' });
    report({ what: '  longest wait', value: wait, unit: 'ms' });
  };
  await reportOf('nothing', async () => {});
  for (const [what, prepare] of Object.entries(largestRequests(tenant))) {
    const act = await prepare();
    await act(-1);
    await reportOf(what, act);
  }
}

type Act = (round: number) => Promise<unknown>;

/** Medians of the rounds; `act` runs in each of them. */
async function longest(
  { service, load, probe }: { readonly service: MeasuredService; readonly load: Load; readonly probe: Job },
  act: Act,
): Promise<{ readonly turn: number; readonly wait: number }> {
  const turns: number[] = [];
  const waits: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await service.usage('turns');
    const [{ max }] = await Promise.all([load.run(probe), act(round)]);
    turns.push((await service.usage('turns')).longestTurnMs);
    waits.push(max);
  }
  return { turn: median(turns), wait: median(waits) };
}

interface Tenant {
  readonly migrationId: string;
  newApi(): Promise<string>;
  /** The text of a response, which must have the status; default 200. */
  call(operation: string, body: unknown, status?: number): Promise<string>;
}

/** Another workspace of the service. */
async function newTenant({ url }: MeasuredService, env: Readonly<Record<string, string>>): Promise<Tenant> {
  const run = async (...words: string[]): Promise<Record<string, string>> => {
    const { stdout } = await promisify(execFile)(process.execPath, [command, ...words, '--json'], {
      env: { ...serviceEnv, ...env },
    });
    return JSON.parse(stdout);
  };
  const { workspaceId = '' } = await run('workspaces', 'create', '--name', 'tenant');
  const inWorkspace = ['--workspace', workspaceId];
  const { key } = await run('root-keys', 'create', '--name', 'bench', '--permissions', 'all', ...inWorkspace);
  const { migrationId = '' } = await run(
    'migrations',
    'create',
    '--name',
    'm',
    '--algorithm',
    'sha256',
    ...inWorkspace,
  );
  const call: Tenant['call'] = async (operation, body, status = 200) => {
    const response = await fetch(`${url}/v2/${operation}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    if (response.status !== status)
      throw new Error(`${operation} returned ${response.status}: ${text.slice(0, 500)}`);
    return text;
  };
  return { migrationId, call, newApi: () => newApi(call) };
}

/** By name: prepares the data, and returns what is sent in each round. */
function largestRequests({
  newApi,
  call,
  migrationId,
}: Tenant): Readonly<Record<string, () => Promise<Act>>> {
  const newKey = async (settings: object = {}): Promise<{ apiId: string; keyId: string; key: string }> => {
    const apiId = await newApi();
    return { apiId, ...JSON.parse(await call('keys.createKey', { apiId, ...settings })).data };
  };
  const keyWithPermissions = async () => {
    const key = await newKey();
    await call('keys.setPermissions', { keyId: key.keyId, permissions: permissions('verified') });
    return key;
  };
  const namespace = 'patterns';
  const limitOf = (number: number) => ({
    namespace,
    identifier: `${'ab'.repeat(100)}${number}`,
    limit: 9,
    duration: 60_000,
  });
  const setPattern = (number: number) =>
    call('ratelimit.setOverride', { namespace, identifier: `*a*${number}*`, limit: 10, duration: 60_000 });
  const meta = { text: 'x'.repeat(MiB - 100) };
  return {
    'setPermissions, 10,000 new slugs': async () => {
      const { keyId } = await newKey();
      return (round) => call('keys.setPermissions', { keyId, permissions: permissions(`new${round}`) });
    },
    'setPermissions, 10,000 known slugs': async () => {
      const [{ keyId }] = [await newKey(), await keyWithPermissions()];
      return () => call('keys.setPermissions', { keyId, permissions: permissions('verified') });
    },
    'createRole, 10,000 permissions': async () => async (round) =>
      call('permissions.createRole', { name: `role${round}`, permissions: permissions('verified') }),
    'verifyKey, 10,000 permissions, after a change': async () => {
      const { key, keyId } = await keyWithPermissions();
      return async () => {
        await call('keys.updateKey', { keyId, name: 'changed' });
        await call('keys.verifyKey', { key, permissions: query });
      };
    },
    'verifyKey, 10,000 permissions, 200 times': async () => {
      const { key } = await keyWithPermissions();
      return () => each(200, () => call('keys.verifyKey', { key, permissions: query }));
    },
    'verifyKey, 1,000 limits': async () => {
      const { key } = await newKey();
      const ratelimits = numbered(1000, (number) => ({
        name: `limit${number}`,
        limit: 10,
        duration: 60_000,
      }));
      return () => call('keys.verifyKey', { key, ratelimits });
    },
    'getKey, 10,000 permissions, three in turn': async () => {
      const { keyId } = await keyWithPermissions();
      return () => inTurn(3, () => call('keys.getKey', { keyId }));
    },
    'whoami, 10,000 permissions, three in turn': async () => {
      const { key } = await keyWithPermissions();
      return () => inTurn(3, () => call('keys.whoami', { key }));
    },
    'migrateKeys, 10,000 keys': async () => {
      const apiId = await newApi();
      return (round) => call('keys.migrateKeys', { migrationId, apiId, keys: migrated(round) });
    },
    'listKeys, 100 keys with 1 MiB of meta, three in turn': async () => {
      const { apiId } = await newKey({ meta });
      for (let count = 1; count < 100; count++) await call('keys.createKey', { apiId, meta });
      return () => inTurn(3, () => call('apis.listKeys', { apiId, limit: 100 }));
    },
    'createKey, 1 MiB of meta, ten at once': async () => () => each(10, () => newKey({ meta })),
    'verifyKey, 1 MiB of meta, ten at once': async () => {
      const { key } = await newKey({ meta });
      return () => each(10, () => call('keys.verifyKey', { key }));
    },
    'a body of 10 MiB with a million values': async () => {
      const body = `{"apiId":[${'0,'.repeat(5 * MiB - 100)}0]}`;
      return () => call('keys.createKey', body, 400);
    },
    'multiLimit of 100 beside 10,000 patterns': async () => {
      await call('ratelimit.limit', limitOf(0));
      await each(most, setPattern);
      return () => call('ratelimit.multiLimit', numbered(100, limitOf));
    },
    'limit after a change of one of 10,000 patterns': async () => async () => {
      await setPattern(0);
      await call('ratelimit.limit', limitOf(0));
    },
    'listPermissions, a search in 10,000 names that look alike': async () => {
      const alike = (number: number) => `${'a'.repeat(120)}${number}`;
      await each(most, (number) =>
        call('permissions.createPermission', { name: alike(number), slug: alike(number) }),
      );
      return async () => {
        await call('permissions.listPermissions', { search: `${'a'.repeat(110)}b`, limit: 100 });
        await call('permissions.listPermissions', { search: '%a_*'.repeat(60), limit: 100 });
      };
    },
  };
}

const permissions = (group: string) => numbered(most, (number) => `documents.of.${group}.${number}`);
const query = permissions('verified').slice(0, 20).join(' AND ');

function migrated(round: number) {
  return numbered(most, (number) => ({
    hash: createHash('sha256').update(`${round} ${number}`).digest('hex'),
    externalId: `user_${number}`,
    name: 'migrated',
    permissions: [`permission.${number}`],
    ratelimits: [{ name: 'requests', limit: 10, duration: 60_000, autoApply: true }],
  }));
}

function numbered<Item>(count: number, make: (number: number) => Item): Item[] {
  return Array.from({ length: count }, (_, number) => make(number));
}

/** Ten at once. */
async function each(count: number, act: (number: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await act(next++);
  };
  await Promise.all(numbered(10, worker));
}

async function inTurn(count: number, act: () => Promise<unknown>): Promise<void> {
  for (let number = 0; number < count; number++) await act();
}
