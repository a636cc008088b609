import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import type { Started } from './started.ts';
import { newApi } from './workloads.ts';

/** A data folder with a large store, made once. */
export interface MillionStore {
  readonly folder: string;
  /** Has the keys, of which some hold the permission and the role, and some are refilled every day. */
  readonly apiId: string;
  /** Has keys that were deleted, and a hundred others behind them. */
  readonly emptiedApiId: string;
  readonly permissionId: string;
  readonly roleId: string;
  readonly migrationId: string;
}

export const counts = {
  keys: 1_000_000,
  refilled: 250_000,
  holders: 100_000,
  identities: 200_000,
  keysOfDeletedIdentity: 50_000,
  deletedKeys: 300_000,
  auditRecords: 500_000,
} as const;

/** External ids: `user_1` and so on; this one was deleted with its keys, and was made again. */
export const returnedIdentity = 'returned';

/** Written directly: through the API it would take an hour. */
export async function makeMillionStore(started: Started): Promise<MillionStore> {
  const folder = await started.folder();
  const maker = await started.service({ folder });
  const call = async (operation: Parameters<typeof maker.call>[0], body: object) =>
    JSON.parse(await maker.call(operation, body)).data;
  const [apiId, emptiedApiId] = [await newApi(maker.call), await newApi(maker.call)];
  const { keyId } = await call('keys.createKey', { apiId });
  const { permissionId } = await call('permissions.createPermission', { name: 'held', slug: 'held' });
  const { roleId } = await call('permissions.createRole', { name: 'held' });
  const deleted = await call('identities.createIdentity', { externalId: returnedIdentity });
  await call('identities.deleteIdentity', { identity: returnedIdentity });
  await call('identities.createIdentity', { externalId: returnedIdentity });
  await maker.stop();
  const migrationId = 'mig_bench';
  withDatabase(folder, (database) => {
    fill(database, { keyId, emptiedApiId, permissionId, roleId, identityId: deleted.identityId });
    database.exec(
      `INSERT INTO migrations SELECT '${migrationId}', id, 'Bench', 'sha256', created_at FROM workspaces`,
    );
  });
  return { folder, apiId, emptiedApiId, permissionId, roleId, migrationId };
}

/** Works on the database of a folder beside the service. */
export function withDatabase(
  folder: string,
  work: (database: InstanceType<typeof DatabaseSync>) => void,
): void {
  const database = openBeside(folder);
  work(database);
  database.close();
}

export function openBeside(folder: string): InstanceType<typeof DatabaseSync> {
  const database = new DatabaseSync(join(folder, 'unkey.sqlite'), { timeout: 60_000 });
  database.exec('PRAGMA journal_mode = WAL');
  return database;
}

type Ids = Readonly<Record<'keyId' | 'emptiedApiId' | 'permissionId' | 'roleId' | 'identityId', string>>;

function fill(database: InstanceType<typeof DatabaseSync>, ids: Ids): void {
  const columns = database.prepare("SELECT name FROM pragma_table_info('keys')").all() as { name: string }[];
  const random = (prefix: string) => `'${prefix}' || hex(randomblob(8))`;
  const numbers = (count: number) =>
    `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})`;
  /** Copies of the key that differ in some columns. */
  const keys = (count: number, changed: Readonly<Record<string, string>>) => {
    const values: Readonly<Record<string, string>> = {
      id: random('key_'),
      hash: 'hex(randomblob(32))',
      ...changed,
    };
    const selected = columns.map(({ name }) => values[name] ?? `"${name}"`);
    database.exec(`INSERT INTO keys (${columns.map(({ name }) => `"${name}"`)})
      ${numbers(count)} SELECT ${selected} FROM numbers CROSS JOIN keys WHERE id = '${ids.keyId}'`);
  };
  const yesterday = Date.now() - 86_400_000;
  database.exec('PRAGMA cache_size = -1000000; PRAGMA synchronous = OFF; BEGIN');
  const refill = { refill_amount: '10', last_refill_at: `${yesterday}`, next_refill_at: `${yesterday * 2}` };
  keys(counts.refilled, { credits_remaining: '1', ...refill });
  keys(counts.keysOfDeletedIdentity, { identity_id: `'${ids.identityId}'` });
  keys(counts.keys - counts.refilled - counts.keysOfDeletedIdentity, {});
  keys(counts.deletedKeys, { api_id: `'${ids.emptiedApiId}'`, deleted_at: `${Date.now()}` });
  keys(100, { api_id: `'${ids.emptiedApiId}'`, id: "'key_zz' || n" });
  for (const [table, column, id] of [
    ['key_permissions', 'permission_id', ids.permissionId],
    ['key_roles', 'role_id', ids.roleId],
  ]) {
    database.exec(`INSERT INTO ${table} (key_id, ${column})
      SELECT id, '${id}' FROM keys WHERE deleted_at IS NULL LIMIT ${counts.holders}`);
  }
  database.exec(`${numbers(counts.identities)}
    INSERT INTO identities (id, workspace_id, external_id, created_at)
    SELECT ${random('id_')}, workspaces.id, 'user_' || n, created_at FROM numbers CROSS JOIN workspaces`);
  const identity = `(SELECT id FROM identities WHERE external_id = 'user_' || (rowid % 1000) AND deleted_at IS NULL)`;
  database.exec(`UPDATE keys SET identity_id = ${identity} WHERE rowid % 100 = 0 AND identity_id IS NULL`);
  database.exec(`${numbers(counts.auditRecords)}
    INSERT INTO audit_log (id, workspace_id, event, at, actor_type, actor_id, actor_name, display, resources)
    SELECT ${random('log_')}, workspaces.id, 'key.create', created_at - 4000000000, 'key', 'key_1', 'bench',
      'Created key', '[]' FROM numbers CROSS JOIN workspaces`);
  database.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
}
