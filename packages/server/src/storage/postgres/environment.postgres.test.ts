import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { freePort } from '../../../../../tests/free-port.ts';
import { execute, type Postgres, startPostgres } from '../../../../../tests/postgres.ts';
import { systemClock } from '../../base/clock.ts';
import { loadConfig } from '../../config.ts';
import { diagnose } from '../../diagnose.ts';
import { filledFolder } from '../conformance/every-table.ts';
import { workspaceOf } from '../conformance/samples.ts';
import { migrateData } from '../transfer/migrate-data.ts';
import { openPostgresStorage } from './storage.ts';

// Environments that cannot work are refused at start, with the reason; the commands give the same one.

const folder = mkdtempSync(join(tmpdir(), 'unkey-ts-environment-'));
const sockets = join(folder, 'sockets');
const certificate = join(folder, 'server.pem');
const isRoot = process.getuid?.() === 0;
let plain: Postgres;
let encrypted: Postgres;
let database: { url: string; drop(): Promise<void> };
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const key = join(folder, 'server.key');
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  const names = ['-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', [...request, ...names, '-keyout', key, '-out', certificate], { stdio: 'pipe' });
  chmodSync(folder, 0o755);
  chmodSync(key, 0o600);
  if (isRoot) execFileSync('chown', ['postgres', key]);
  mkdirSync(sockets);
  if (isRoot) execFileSync('chown', ['postgres', sockets]);
  plain = await startPostgres({ settings: { unix_socket_directories: sockets } });
  encrypted = await startPostgres({ settings: { ssl: 'on', ssl_cert_file: certificate, ssl_key_file: key } });
});
afterAll(async () => {
  await plain.close();
  await encrypted.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  database = await plain.createDatabase();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await database.drop();
});

async function open(url: string) {
  const { storage } = await openPostgresStorage({ url, onCommit: () => {} });
  closers.push(storage.close);
  return storage;
}

const failureOf = (url: string) =>
  open(url).then(
    () => 'none',
    (error: Error) => `${error.name}: ${error.message}`,
  );

/** What `unkey doctor` says about the database. */
async function diagnosisOf(url: string): Promise<string> {
  const env = { DATABASE_URL: url, UNKEY_MASTER_KEY: 'off' };
  const found = await diagnose(loadConfig({ flags: {}, env, cwd: folder }), systemClock);
  const { state = '', text = '' } = found.find(({ part }) => part === 'database') ?? {};
  return state === 'ok' ? 'none' : `${state}: ${text}`;
}

/** Why `unkey migrate-data` cannot move data there. */
const transferFailureOf = (url: string) =>
  migrateData({ from: filledFolder().place, to: { url, name: '--to' }, now: () => 0, onStep: () => {} }).then(
    () => 'none',
    (error: Error) => `${error.name}: ${error.message}`,
  );

/** The server, the doctor and the transfer refuse the database alike; the transfer names its own side. */
async function expectRefusals(url: string, reason: RegExp): Promise<void> {
  expect(await failureOf(url)).toMatch(reason);
  expect(await diagnosisOf(url)).toMatch(reason);
  const { source } = reason;
  expect(await transferFailureOf(url)).toMatch(new RegExp(source.replaceAll('DATABASE_URL', '--to')));
}

test('the error for a user that may not create tables has the GRANT', async () => {
  await execute(database.url, 'REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE ROLE "plain user" LOGIN');
  closers.push(() => execute(plain.url, 'DROP ROLE "plain user"'));
  const url = new URL(database.url);
  url.username = 'plain user';
  await expectRefusals(url.href, /: .*GRANT CREATE, USAGE ON SCHEMA public TO "plain user";$/);
  await execute(database.url, 'GRANT CREATE, USAGE ON SCHEMA public TO "plain user"');
  const storage = await open(url.href);
  await storage.write((store) => store.workspaces.create(workspaceOf()));
  await storage.close();
  closers.pop();
  await execute(database.url, 'DROP OWNED BY "plain user"');
});

test.each([
  ['localhost', `sslmode=verify-full&sslrootcert=${certificate}`, /^none$/],
  ['localhost', 'sslmode=verify-full', /not signed by a trusted authority.*sslrootcert=FILE/],
  ['localhost', 'sslmode=require', /not signed by a trusted authority/],
  ['localhost', `sslmode=require&sslrootcert=${certificate}`, /^none$/],
  ['127.0.0.1', `sslmode=verify-full&sslrootcert=${certificate}`, /another host name/],
  ['127.0.0.1', `sslmode=verify-ca&sslrootcert=${certificate}`, /^none$/],
  ['127.0.0.1', 'sslmode=verify-ca', /verify-ca in DATABASE_URL needs sslrootcert/],
  ['127.0.0.1', 'sslmode=no-verify', /^none$/],
  ['localhost', 'sslmode=verify-full&sslrootcert=/no/such/file', /names the file \/no\/such\/file.*ENOENT/],
])('TLS to %s with %s: %s', async (host, parameters, expected) => {
  const url = new URL(encrypted.url);
  url.hostname = host;
  url.search = parameters;
  if (expected.test('none')) expect(await failureOf(url.href)).toBe('none');
  else await expectRefusals(url.href, expected);
});

test('TLS to a server without TLS is refused by name', async () => {
  await expectRefusals(`${database.url}?sslmode=verify-full`, /does not support TLS.*DATABASE_URL/);
});

test('a server that cannot be reached is refused alike', async () => {
  await expectRefusals(`postgres://u:secret@127.0.0.1:${await freePort()}/d`, /DATABASE_URL points to it/);
});

test('a socket is named by the parameter host', async () => {
  const name = new URL(database.url).pathname;
  const url = `postgres://unkey@${name}?host=${sockets}&port=${plain.port}`;
  const storage = await open(url);
  await storage.write((store) => store.workspaces.create(workspaceOf()));
  expect(await diagnosisOf(url)).toBe('none');
});

test('PgBouncer in session mode, with its default settings, works', async () => {
  const url = await startPgBouncer('session');
  const storage = await open(url);
  await storage.write((store) => store.workspaces.create(workspaceOf()));
  expect(await storage.read((store) => store.workspaces.list())).toHaveLength(1);
  expect(storage.pollChanges().isReachable).toBe(true);
});

test('PgBouncer in transaction mode is refused with the reason', async () => {
  const url = await startPgBouncer('transaction');
  await expectRefusals(url, /DATABASE_URL leads to a pooler in transaction mode.*pool_mode=session/);
});

test('connections of the doctor, which a pooler keeps, are not taken for those of a server', async () => {
  const url = await startPgBouncer('transaction');
  expect(await diagnosisOf(url)).toMatch(/transaction mode/);
  expect(await transferFailureOf(database.url)).toBe('none');
});

test.each([
  ['session', /^none$/],
  ['transaction', /pooler in transaction mode/],
] as const)('PgBouncer in %s mode is recognised while other clients use it', async (mode, expected) => {
  const url = await startPgBouncer(mode);
  const stopClients = await startClients(url, 8);
  closers.push(stopClients);
  for (let start = 0; start < 5; start++) expect(await failureOf(url)).toMatch(expected);
});

/** Clients that send one statement after another. */
async function startClients(url: string, count: number): Promise<() => Promise<void>> {
  let isStopped = false;
  const clients = Array.from({ length: count }, () => new pg.Client({ connectionString: url }));
  await Promise.all(clients.map((client) => client.connect()));
  const loops = clients.map(async (client) => {
    while (!isStopped) await client.query('SELECT pg_sleep(0.001)');
    await client.end();
  });
  return async () => {
    isStopped = true;
    await Promise.all(loops);
  };
}

/** The URL of the database through it. */
async function startPgBouncer(mode: 'session' | 'transaction'): Promise<string> {
  const port = await freePort();
  const file = join(folder, `${mode}.ini`);
  const name = new URL(database.url).pathname.slice(1);
  writeFileSync(
    file,
    `[databases]
${name} = host=127.0.0.1 port=${plain.port} user=unkey
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
`,
  );
  const command = isRoot
    ? ['runuser', '-u', 'postgres', '--', '/usr/sbin/pgbouncer', file]
    : ['pgbouncer', file];
  const child: ChildProcess = spawn(command[0] ?? '', command.slice(1), { stdio: 'ignore' });
  closers.push(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  const url = new URL(database.url);
  url.port = String(port);
  await vi.waitFor(
    async () => {
      const client = new pg.Client({ connectionString: url.href });
      client.on('error', () => {});
      await client.connect();
      await client.end();
    },
    { timeout: 20_000, interval: 100 },
  );
  return url.href;
}
