import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from './free-port.ts';

/** A new PostgreSQL in a temporary folder, on a port of 127.0.0.1. */
export interface Postgres {
  readonly port: number;
  /** Of the postmaster; another one after `start`. */
  readonly pid: number;
  /** With a database that exists, `postgres`. */
  readonly url: string;
  urlOf(database: string): string;
  createDatabase(): Promise<{ url: string; drop(): Promise<void> }>;
  /** After `signal`, on the same folder and port. */
  start(): Promise<void>;
  /** Ends it: SIGINT as an operator does, SIGKILL as a crash does; resolves when it is gone. */
  signal(signal: 'SIGINT' | 'SIGKILL'): Promise<void>;
  /** Makes a standby the primary. */
  promote(): Promise<void>;
  /** Ends it and removes the folder. */
  close(): Promise<void>;
}

export interface PostgresSettings {
  /** Makes a standby of this one, which follows it until `promote`. */
  readonly standbyOf?: Postgres;
  /** `off`, the default, is quick: nothing is synced to disk. */
  readonly fsync?: 'on' | 'off';
  /** More of `postgresql.conf`. */
  readonly settings?: Readonly<Record<string, string>>;
}

const user = 'unkey';

export async function startPostgres(wanted: PostgresSettings = {}): Promise<Postgres> {
  const { fsync = 'off', settings = {}, standbyOf } = wanted;
  const folder = await mkdtemp(join(tmpdir(), 'unkey-ts-postgres-'));
  // PostgreSQL does not run as root: then it runs as the user that its package created.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) execFileSync('chown', ['postgres', folder]);
  else await chmod(folder, 0o700);
  const data = join(folder, 'data');
  const as = (command: string, args: readonly string[]): [string, string[]] =>
    isRoot ? ['runuser', ['-u', 'postgres', '--', command, ...args]] : [command, [...args]];
  const initdb = as(program('initdb'), [
    ...['-D', data, '-U', user, '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
  ]);
  const copy = as(program('pg_basebackup'), [
    ...['-h', '127.0.0.1', '-p', String(standbyOf?.port), '-U', user, '-D', data, '-R', '--checkpoint=fast'],
  ]);
  execFileSync(...(standbyOf === undefined ? initdb : copy), { stdio: 'pipe', cwd: folder });

  const port = await freePort();
  const options = { fsync, max_connections: '400', shared_buffers: '64MB', ...settings };
  const args = Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const urlOf = (database: string) => `postgres://${user}@127.0.0.1:${port}/${database}`;
  let server: ChildProcess | null = null;
  let pid = 0;

  async function start(): Promise<void> {
    const command = as(program('postgres'), [
      ...['-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', folder],
      ...args,
    ]);
    const started = spawn(...command, { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder });
    server = started;
    let log = '';
    started.stderr?.on('data', (chunk: Buffer) => {
      log = `${log}${chunk}`.slice(-5000);
    });
    let isGone = false;
    started.once('exit', () => {
      isGone = true;
    });
    const until = Date.now() + 30_000;
    while (!(await isReachable(urlOf('postgres')))) {
      if (isGone || Date.now() > until) throw new Error(`PostgreSQL does not start:\n${log}`);
    }
    pid = Number((await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n')[0]);
  }

  async function signal(name: 'SIGINT' | 'SIGKILL'): Promise<void> {
    const ending = server;
    server = null;
    if (ending === null || ending.exitCode !== null) return;
    const gone = new Promise((resolve) => ending.once('exit', resolve));
    process.kill(pid, name);
    await gone;
  }

  await start();
  return {
    port,
    get pid() {
      return pid;
    },
    url: urlOf('postgres'),
    urlOf,
    createDatabase: () => createDatabase(urlOf('postgres')),
    promote: () => execute(urlOf('postgres'), 'SELECT pg_promote()'),
    start,
    signal,
    async close() {
      await signal('SIGINT');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A new empty database on the server of the URL. */
export async function createDatabase(url: string): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `unkey_${randomBytes(6).toString('hex')}`;
  await execute(url, `CREATE DATABASE ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  return { url: own.href, drop: () => execute(url, `DROP DATABASE ${name} WITH (FORCE)`) };
}

/** Runs one statement on a new connection. */
export async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Every row of these tables, or of all, as text. */
export async function textOf(url: string, tables?: readonly string[]): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const all = await client.query<{ name: string }>(
      "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
    );
    const lines: string[] = [];
    for (const name of tables ?? all.rows.map((row) => row.name)) {
      const { rows } = await client.query<{ line: string }>(`SELECT t::text AS line FROM ${name} t`);
      lines.push(...rows.map(({ line }) => line));
    }
    return lines.join('\n');
  } finally {
    await client.end();
  }
}

async function isReachable(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

/** The newest installed one, where Debian's packages put it; else the one on the PATH. */
function program(name: string): string {
  const versions = '/usr/lib/postgresql';
  const newest = existsSync(versions)
    ? readdirSync(versions).sort((a, b) => Number(b) - Number(a))[0]
    : undefined;
  return newest === undefined ? name : join(versions, newest, 'bin', name);
}
