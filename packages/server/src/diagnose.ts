import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { DatabaseSync } from '@photostructure/sqlite';
import type { Client } from 'pg';
import type { Clock } from './base/clock.ts';
import type { Config } from './config.ts';
import { databaseFileOf, masterKeyFileOf } from './storage/data-folder.ts';
import { checkSchemaVersion } from './storage/sqlite/migrations.ts';

/** The state of one part of the environment. The text says what to do; it contains no secret. */
export interface Diagnosis {
  readonly part: string;
  readonly state: 'ok' | 'warning' | 'failed';
  readonly text: string;
}

/** The databases' and this process's clocks may differ by this much: expiry and windows are that exact. */
const maxClockSkewMs = 1000;
const redisTimeoutMs = 2000;

/** Checks what a server with this configuration would use. It changes nothing, also beside a running server. */
export async function diagnose(config: Config, clock: Clock): Promise<readonly Diagnosis[]> {
  return [
    ...(config.databaseUrl === undefined
      ? [checkFolder(config.dataDir), checkFile(config.dataDir), checkKeyFile(config)]
      : [await checkPostgres(config.databaseUrl, clock), checkKeyVariable(config)]),
    ...(config.redis === undefined ? [] : [await checkRedis(config.redis, clock)]),
  ];
}

function checkFolder(dataDir: string): Diagnosis {
  const part = 'data folder';
  const found = statSync(dataDir, { throwIfNoEntry: false });
  if (found === undefined) {
    return {
      part,
      state: 'warning',
      text: `${dataDir} does not exist. The first start of the server creates it.`,
    };
  }
  if (!found.isDirectory()) {
    return {
      part,
      state: 'failed',
      text: `${dataDir} is not a folder. Choose another one with UNKEY_DATA_DIR.`,
    };
  }
  try {
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return {
      part,
      state: 'failed',
      text: `${dataDir} is not writable for this user. Run this as the server's user, or change the owner.`,
    };
  }
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) {
    return {
      part,
      state: 'warning',
      text: `${dataDir} is open to other users. Close it: chmod 700 '${dataDir}'`,
    };
  }
  return { part, state: 'ok', text: dataDir };
}

function checkFile(dataDir: string): Diagnosis {
  const part = 'database';
  const file = databaseFileOf(dataDir);
  if (!existsSync(file)) return { part, state: 'ok', text: 'SQLite, not created yet' };
  try {
    const database = new DatabaseSync(file, { readOnly: true, timeout: 1000 });
    try {
      checkSchemaVersion(database);
      const [row] = database.prepare('PRAGMA quick_check(1)').all();
      const verdict = String(Object.values(Object(row))[0]);
      if (verdict !== 'ok') throw new Error(`The file is damaged: ${verdict}. Restore a backup.`);
      return { part, state: 'ok', text: `SQLite, ${statSync(file).size} bytes` };
    } finally {
      database.close();
    }
  } catch (error) {
    return { part, state: 'failed', text: `${file}: ${messageOf(error)}` };
  }
}

function checkKeyFile({ masterKey, dataDir }: Config): Diagnosis {
  const part = 'master key';
  if (masterKey !== undefined) return checkKeyVariable({ masterKey });
  const file = masterKeyFileOf(dataDir);
  if (!existsSync(file)) {
    const isNew = !existsSync(databaseFileOf(dataDir));
    return isNew
      ? { part, state: 'ok', text: 'not created yet' }
      : { part, state: 'warning', text: `${file} is missing: recoverable keys cannot be read without it.` };
  }
  return { part, state: 'ok', text: `in ${file}` };
}

function checkKeyVariable({ masterKey }: Pick<Config, 'masterKey'>): Diagnosis {
  const part = 'master key';
  if (masterKey === undefined) {
    return {
      part,
      state: 'failed',
      text: 'UNKEY_MASTER_KEY is required with DATABASE_URL: all processes need the same one.',
    };
  }
  return {
    part,
    state: 'ok',
    text: masterKey === 'off' ? 'off: keys cannot be recovered' : 'in UNKEY_MASTER_KEY',
  };
}

async function checkPostgres(url: string, clock: Clock): Promise<Diagnosis> {
  const part = 'database';
  try {
    const [{ withSuitableClient }, { checkMigratable }] = await Promise.all([
      import('./storage/postgres/suitable-client.ts'),
      import('./storage/postgres/migrations.ts'),
    ]);
    const check = async (client: Client) => {
      const { rows } = await client.query<{ version: string; isStandby: boolean; now: number }>(
        `SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS "isStandby",
          (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now`,
      );
      const [found] = rows;
      if (found === undefined) throw new Error('The database returned no row.');
      if (found.isStandby) throw new Error('This is a standby. DATABASE_URL must lead to the primary.');
      await checkMigratable(client);
      return clockState(part, `PostgreSQL ${found.version}`, found.now - clock.now());
    };
    // Not a server's name: a transfer waits for servers to end.
    return await withSuitableClient(url, check, 'unkey-ts doctor');
  } catch (error) {
    return { part, state: 'failed', text: `PostgreSQL: ${messageOf(error)}` };
  }
}

async function checkRedis(addresses: NonNullable<Config['redis']>, clock: Clock): Promise<Diagnosis> {
  const part = 'redis';
  const [{ connectRedis }, { scriptOf }] = await Promise.all([
    import('./counters/redis/connection.ts'),
    import('./counters/redis/script.ts'),
  ]);
  const connection = await connectRedis(addresses, { timeoutMs: redisTimeoutMs });
  try {
    await connection.ping();
    if (addresses.length > 1) return { part, state: 'ok', text: `cluster, ${addresses.length} nodes named` };
    const time = await connection.run(scriptOf("return redis.call('TIME')"), [], []);
    const [seconds, microseconds] = (time as readonly string[]).map(Number);
    return clockState(part, 'reachable', (seconds ?? 0) * 1000 + (microseconds ?? 0) / 1000 - clock.now());
  } catch (error) {
    return { part, state: 'failed', text: messageOf(error) };
  } finally {
    connection.close();
  }
}

function clockState(part: string, text: string, skewMs: number): Diagnosis {
  if (Math.abs(skewMs) <= maxClockSkewMs) return { part, state: 'ok', text };
  const direction = skewMs > 0 ? 'ahead of' : 'behind';
  return {
    part,
    state: 'warning',
    text: `${text}, with a clock ${Math.abs(Math.round(skewMs))} ms ${direction} this machine's. Synchronise both, for example with NTP.`,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
