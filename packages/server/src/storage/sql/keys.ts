import { type Selectable, sql, type Updateable } from 'kysely';
import { type Credits, nextRefillMoment } from '../../domain/keys/refill.ts';
import type { Changes } from '../changes.ts';
import {
  type Key,
  type KeyChanges,
  keyColumns,
  type NewKey,
  type NewKeyWithLinks,
  type Role,
} from '../port/records.ts';
import type { DueRefill, KeyStore } from '../port/store.ts';
import { boundedPage, keySizes } from './bounded-page.ts';
import { chunksOf } from './chunks.ts';
import { decode, encode } from './columns.ts';
import { countRows } from './count-rows.ts';
import { identitiesOf } from './identities.ts';
import { insertRow, insertRows } from './insert-row.ts';
import { attach, detach } from './links.ts';
import { isOwn, ownIds } from './own-ids.ts';
import { perform } from './perform.ts';
import { ratelimitRow, ratelimitsOf, saveRatelimits } from './ratelimits.ts';
import { rolesOf } from './roles.ts';
import type { RowLock } from './row-lock.ts';
import { groupBy, pageOf, permissionOf } from './rows.ts';
import { retiredAnywhere } from './schema-changes.ts';
import type { Database, Tables } from './tables.ts';

type KeyRow = Selectable<Tables['keys']> & { readonly keyspaceId: string };

export function keyStore(db: Database, changes: Changes, lock: RowLock): KeyStore {
  return {
    ...keyReads(db, lock),
    ...keyWrites(db, changes),
    ...keyLinks(db, changes),
    ...keyJobs(db, lock),
  };
}

/** Keys that are not deleted, of APIs that are not deleted. */
function liveKeys(db: Database) {
  return db
    .selectFrom('keys')
    .innerJoin('apis', 'apis.id', 'keys.apiId')
    .selectAll('keys')
    .select('apis.keyspaceId')
    .where('keys.deletedAt', 'is', null)
    .where('apis.deletedAt', 'is', null);
}

function keyReads(
  db: Database,
  lock: RowLock,
): Pick<KeyStore, 'find' | 'findByHash' | 'isHashTaken' | 'takenHashes' | 'list'> {
  const locked = () => (lock === 'none' ? liveKeys(db) : liveKeys(db).forUpdate('keys'));

  const one = async (row: KeyRow | undefined): Promise<Key | null> =>
    row ? ((await keysOf(db, [row]))[0] ?? null) : null;

  return {
    async find(workspaceId, id) {
      return one(
        await locked()
          .where('keys.workspaceId', '=', workspaceId)
          .where('keys.id', '=', id)
          .executeTakeFirst(),
      );
    },
    async findByHash(workspaceId, hash) {
      return one(
        await locked()
          .where('keys.workspaceId', '=', workspaceId)
          .where('hash', '=', hash)
          .executeTakeFirst(),
      );
    },
    isHashTaken: async (workspaceId, hash) => (await takenHashes(db, workspaceId, [hash])).has(hash),
    takenHashes: (workspaceId, hashes) => takenHashes(db, workspaceId, hashes),
    async list(workspaceId, apiId, { cursor, limit }, externalId) {
      let query = liveKeys(db)
        .clearSelect()
        .select('keys.id')
        .where('keys.workspaceId', '=', workspaceId)
        .where('apiId', '=', apiId)
        .orderBy('keys.id')
        .limit(limit + 1);
      if (cursor !== undefined) query = query.where('keys.id', '>=', cursor);
      if (externalId !== undefined) {
        // Asked first, so that the keys are read from the index of the identity and not from that of the API.
        const identity = await liveIdentityId(db, workspaceId, externalId);
        if (identity === undefined) return { rows: [], nextCursor: null };
        query = query.where('identityId', '=', identity);
      }
      const page = await boundedPage(db, pageOf(await query.execute(), limit), keySizes);
      return { ...page, rows: await keysById(db, page.rows) };
    },
  };
}

async function takenHashes(
  db: Database,
  workspaceId: string,
  hashes: readonly string[],
): Promise<Set<string>> {
  const taken = new Set<string>();
  for (const chunk of chunksOf(hashes)) {
    // One statement sees one snapshot: a hash that is being retired is in exactly one of the tables.
    const rows = await db
      .selectFrom('keys')
      .select('hash')
      .where('workspaceId', '=', workspaceId)
      .where('hash', 'in', chunk)
      .unionAll(
        db
          .selectFrom('retiredHashes')
          .select('hash')
          .where('workspaceId', 'in', [workspaceId, retiredAnywhere])
          .where('hash', 'in', chunk),
      )
      .execute();
    for (const { hash } of rows) taken.add(hash);
  }
  return taken;
}

async function keysById(db: Database, rows: readonly { readonly id: string }[]): Promise<Key[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  return keysOf(db, await liveKeys(db).where('keys.id', 'in', ids).orderBy('keys.id').execute());
}

async function liveIdentityId(
  db: Database,
  workspaceId: string,
  externalId: string,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('identities')
    .select('id')
    .where('workspaceId', '=', workspaceId)
    .where('externalId', '=', externalId)
    .where('deletedAt', 'is', null)
    .executeTakeFirst();
  return row?.id;
}

function keyWrites(
  db: Database,
  changes: Changes,
): Pick<KeyStore, 'create' | 'createMany' | 'update' | 'delete' | 'purge' | 'saveRatelimits'> {
  const isOwnKey = (workspaceId: string, id: string) => isOwn(db, 'keys', workspaceId, id);

  const set = async (workspaceId: string, id: string, columns: Updateable<Tables['keys']>) => {
    await perform(
      db,
      db.updateTable('keys').set(columns).where('workspaceId', '=', workspaceId).where('id', '=', id),
    );
  };

  return {
    async create(workspaceId, key) {
      changes.add(key.hash);
      await insertRow(db, 'keys', newRow(workspaceId, key));
    },
    createMany: (workspaceId, keys) => insertKeys(db, changes, workspaceId, keys),
    async update(workspaceId, id, keyChanges) {
      changes.add(id);
      if (keyChanges.hash !== undefined) changes.add(keyChanges.hash);
      await set(workspaceId, id, changedColumns(keyChanges));
    },
    async delete(workspaceId, id, at) {
      changes.add(id);
      await set(workspaceId, id, { deletedAt: at });
    },
    async purge(workspaceId, id) {
      if (!(await isOwnKey(workspaceId, id))) return;
      changes.add(id);
      await perform(db, db.deleteFrom('keyPermissions').where('keyId', '=', id));
      await perform(db, db.deleteFrom('keyRoles').where('keyId', '=', id));
      await perform(db, db.deleteFrom('ratelimits').where('ownerId', '=', id));
      await perform(db, db.deleteFrom('keys').where('workspaceId', '=', workspaceId).where('id', '=', id));
    },
    async saveRatelimits(workspaceId, id, ratelimits) {
      if (!(await isOwnKey(workspaceId, id))) return;
      changes.add(id);
      await saveRatelimits(db, workspaceId, id, ratelimits);
    },
  };
}

function newRow(workspaceId: string, key: NewKey) {
  return {
    ...encode(keyColumns, key),
    ...creditColumns(key.credits),
    workspaceId,
    identityId: key.identityId,
    updatedAt: null,
    lastUsedAt: null,
    deletedAt: null,
  };
}

async function insertKeys(
  db: Database,
  changes: Changes,
  workspaceId: string,
  keys: readonly NewKeyWithLinks[],
): Promise<void> {
  for (const { hash } of keys) changes.add(hash);
  await insertRows(
    db,
    'keys',
    keys.map((key) => newRow(workspaceId, key)),
  );
  await insertRows(
    db,
    'ratelimits',
    keys.flatMap(({ id, ratelimits }) => ratelimits.map((one) => ratelimitRow(one, workspaceId, id))),
  );
  const permissionIds = new Set(keys.flatMap((key) => key.permissionIds));
  const ownPermissions = new Set(await ownIds(db, 'permissions', workspaceId, [...permissionIds]));
  await insertRows(
    db,
    'keyPermissions',
    keys.flatMap(({ id, permissionIds }) =>
      permissionIds
        .filter((one) => ownPermissions.has(one))
        .map((permissionId) => ({ keyId: id, permissionId })),
    ),
  );
  const roleIds = new Set(keys.flatMap((key) => key.roleIds));
  const ownRoles = new Set(await ownIds(db, 'roles', workspaceId, [...roleIds]));
  await insertRows(
    db,
    'keyRoles',
    keys.flatMap(({ id, roleIds }) =>
      roleIds.filter((one) => ownRoles.has(one)).map((roleId) => ({ keyId: id, roleId })),
    ),
  );
}

function keyLinks(
  db: Database,
  changes: Changes,
): Pick<KeyStore, 'attachPermissions' | 'detachPermissions' | 'attachRoles' | 'detachRoles'> {
  const linkOrder = (workspaceId: string, id: string, targetIds: readonly string[]) => ({
    workspaceId,
    ownerId: id,
    targetIds,
    onChange: () => changes.add(id),
  });

  return {
    attachPermissions: (workspaceId, id, permissionIds) =>
      attach(db, 'keyPermissions', linkOrder(workspaceId, id, permissionIds)),
    detachPermissions: (workspaceId, id, permissionIds) =>
      detach(db, 'keyPermissions', linkOrder(workspaceId, id, permissionIds)),
    attachRoles: (workspaceId, id, roleIds) => attach(db, 'keyRoles', linkOrder(workspaceId, id, roleIds)),
    detachRoles: (workspaceId, id, roleIds) => detach(db, 'keyRoles', linkOrder(workspaceId, id, roleIds)),
  };
}

/** Queries of the background jobs, which concern keys of all workspaces. */
function keyJobs(
  db: Database,
  lock: RowLock,
): Pick<KeyStore, 'listDueRefills' | 'countDueRefills' | 'correctNextRefill' | 'markUsed'> {
  const due = (now: number) =>
    db.selectFrom('keys').where('nextRefillAt', '<=', now).where('deletedAt', 'is', null);

  return {
    async listDueRefills(now, limit, after) {
      let query = due(now)
        .select(['id', 'workspaceId', 'nextRefillAt'])
        .orderBy('nextRefillAt')
        .orderBy('id')
        .limit(limit);
      if (after !== undefined) {
        query = query.where(({ eb, refTuple, tuple }) =>
          eb(refTuple('nextRefillAt', 'id'), '>', tuple(after.nextRefillAt, after.id)),
        );
      }
      // The condition leaves no row whose moment is null.
      return (await query.execute()) as DueRefill[];
    },
    countDueRefills: (now, limit) => countRows(db, due(now).select('id'), limit),
    async correctNextRefill(workspaceId, id) {
      const row = await db
        .selectFrom('keys')
        .innerJoin('apis', 'apis.id', 'keys.apiId')
        .select(['creditsRemaining', 'refillAmount', 'refillDay', 'lastRefillAt', 'apis.deletedAt'])
        .where('keys.workspaceId', '=', workspaceId)
        .where('keys.id', '=', id)
        .executeTakeFirst();
      if (row === undefined) return;
      const nextRefillAt = row.deletedAt === null ? creditColumns(creditsOf(row)).nextRefillAt : null;
      await perform(
        db,
        db
          .updateTable('keys')
          .set({ nextRefillAt })
          .where('workspaceId', '=', workspaceId)
          .where('id', '=', id),
      );
    },
    markUsed: (usedAt) => markUsed(db, lock, usedAt),
  };
}

async function markUsed(
  db: Database,
  lock: RowLock,
  usedAt: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, number>> {
  const held = new Map(usedAt);
  for (const id of await markableKeys(db, lock, [...usedAt.keys()])) held.delete(id);
  for (const chunk of chunksOf([...usedAt].filter(([id]) => !held.has(id)))) {
    const rows = sql.join(chunk.map(([id, at]) => sql`(${id}, cast(${at} as bigint))`));
    await sql`
      update keys set last_used_at = used.column2 from (values ${rows}) as used
      where keys.id = used.column1 and (last_used_at is null or last_used_at < used.column2)`.execute(db);
  }
  return held;
}

/** Locks keys; of several, skips those that another transaction holds. */
async function markableKeys(db: Database, lock: RowLock, ids: readonly string[]): Promise<string[]> {
  if (lock === 'none' || ids.length < 2) return [...ids];
  const locked: string[] = [];
  for (const chunk of chunksOf(ids)) {
    const rows = await db
      .selectFrom('keys')
      .select('id')
      .where('id', 'in', chunk)
      .forUpdate()
      .skipLocked()
      .execute();
    locked.push(...rows.map(({ id }) => id));
  }
  return locked;
}

/** Completes key rows with identities, permissions, roles and limits: a fixed number of queries for any number of keys. */
async function keysOf(db: Database, rows: readonly KeyRow[]): Promise<Key[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  // Together, so that they are one round trip to PostgreSQL.
  const [permissions, rolesByKey, ratelimits, identities] = await Promise.all([
    permissionsByKeyOf(db, ids),
    rolesByKeyOf(db, ids),
    ratelimitsOf(db, ids),
    identitiesByIdOf(db, rows),
  ]);
  return rows.map((row) => ({
    ...decode(keyColumns, row),
    workspaceId: row.workspaceId,
    keyspaceId: row.keyspaceId,
    updatedAt: row.updatedAt,
    lastUsedAt: row.lastUsedAt,
    credits: creditsOf(row),
    identity: (row.identityId !== null && identities.get(row.identityId)) || null,
    permissions: (permissions.get(row.id) ?? []).map(permissionOf),
    roles: rolesByKey.get(row.id) ?? [],
    ratelimits: ratelimits.get(row.id) ?? [],
  }));
}

async function permissionsByKeyOf(db: Database, keyIds: readonly string[]) {
  const links = await db
    .selectFrom('keyPermissions')
    .innerJoin('permissions', 'permissions.id', 'keyPermissions.permissionId')
    .select(['keyId', 'permissions.id', 'slug', 'name', 'description'])
    .where('keyId', 'in', keyIds)
    .orderBy('slug')
    .execute();
  return groupBy(links, ({ keyId }) => keyId);
}

async function rolesByKeyOf(db: Database, keyIds: readonly string[]): Promise<Map<string, Role[]>> {
  const links = await db
    .selectFrom('keyRoles')
    .innerJoin('roles', 'roles.id', 'keyRoles.roleId')
    .select(['keyId', 'roles.id', 'name', 'description'])
    .where('keyId', 'in', keyIds)
    .orderBy('name')
    .execute();
  const distinct = [...new Map(links.map((link) => [link.id, link])).values()];
  const roles = new Map((await rolesOf(db, distinct)).map((role) => [role.id, role]));
  const groups = groupBy(links, ({ keyId }) => keyId);
  return new Map(
    [...groups].map(([keyId, group]) => [keyId, group.flatMap(({ id }) => roles.get(id) ?? [])]),
  );
}

async function identitiesByIdOf(db: Database, rows: readonly KeyRow[]) {
  const ids = [...new Set(rows.flatMap(({ identityId }) => identityId ?? []))];
  if (ids.length === 0) return new Map();
  const found = await db
    .selectFrom('identities')
    .select(['id', 'externalId', 'meta'])
    .where('id', 'in', ids)
    .where('deletedAt', 'is', null)
    .execute();
  return new Map((await identitiesOf(db, found)).map((identity) => [identity.id, identity]));
}

type CreditColumns = Pick<
  Selectable<Tables['keys']>,
  'creditsRemaining' | 'refillAmount' | 'refillDay' | 'lastRefillAt'
>;

function creditsOf(row: CreditColumns): Credits {
  return {
    remaining: row.creditsRemaining,
    refill: row.refillAmount === null ? null : { amount: row.refillAmount, day: row.refillDay },
    lastRefillAt: row.lastRefillAt,
  };
}

function creditColumns({ remaining, refill, lastRefillAt }: Credits) {
  return {
    creditsRemaining: remaining,
    refillAmount: refill?.amount ?? null,
    refillDay: refill?.day ?? null,
    lastRefillAt,
    nextRefillAt:
      remaining === null || refill === null || lastRefillAt === null
        ? null
        : nextRefillMoment(refill, lastRefillAt),
  };
}

function changedColumns(changes: KeyChanges) {
  const { credits, identityId, updatedAt } = changes;
  return {
    ...encode(keyColumns, changes),
    ...(credits !== undefined && creditColumns(credits)),
    ...(identityId !== undefined && { identityId }),
    ...(updatedAt !== undefined && { updatedAt }),
  };
}
