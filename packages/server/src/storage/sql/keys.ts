import { type Selectable, sql } from 'kysely';
import { type Credits, nextRefillMoment } from '../../domain/keys/refill.ts';
import type { Changes } from '../changes.ts';
import { type Key, type KeyChanges, keyColumns, type Role } from '../port/records.ts';
import type { KeyStore } from '../port/store.ts';
import { chunksOf } from './chunks.ts';
import { decode, encode } from './columns.ts';
import { identitiesOf } from './identities.ts';
import { insertRow } from './insert-row.ts';
import { attach, detach } from './links.ts';
import { isOwn } from './own-ids.ts';
import { ratelimitsOf, saveRatelimits } from './ratelimits.ts';
import { rolesOf } from './roles.ts';
import type { RowLock } from './row-lock.ts';
import { groupBy, pageOf, permissionOf } from './rows.ts';
import type { Database, Tables } from './tables.ts';

type KeyRow = Selectable<Tables['keys']> & { readonly keyspaceId: string };

export function keyStore(db: Database, changes: Changes, lock: RowLock): KeyStore {
  const live = () =>
    db
      .selectFrom('keys')
      .innerJoin('apis', 'apis.id', 'keys.apiId')
      .selectAll('keys')
      .select('apis.keyspaceId')
      .where('keys.deletedAt', 'is', null)
      .where('apis.deletedAt', 'is', null);

  const held = () => (lock === 'none' ? live() : live().forUpdate('keys'));

  const isOwnKey = (workspaceId: string, id: string) => isOwn(db, 'keys', workspaceId, id);

  const linkOrder = (workspaceId: string, id: string, targetIds: readonly string[]) => ({
    workspaceId,
    ownerId: id,
    targetIds,
    onChange: () => changes.add(id),
  });

  const one = async (row: KeyRow | undefined): Promise<Key | null> =>
    row ? ((await keysOf(db, [row]))[0] ?? null) : null;

  return {
    async create(workspaceId, key) {
      changes.add(key.hash);
      await insertRow(db, 'keys', {
        ...encode(keyColumns, key),
        ...creditColumns(key.credits),
        workspaceId,
        identityId: key.identityId,
        updatedAt: null,
        lastUsedAt: null,
        deletedAt: null,
      });
    },
    async find(workspaceId, id) {
      return one(
        await held().where('keys.workspaceId', '=', workspaceId).where('keys.id', '=', id).executeTakeFirst(),
      );
    },
    async findByHash(workspaceId, hash) {
      return one(
        await held().where('keys.workspaceId', '=', workspaceId).where('hash', '=', hash).executeTakeFirst(),
      );
    },
    async isHashTaken(hash) {
      // One statement, and so of one moment: a hash that is being retired is in one of them.
      const row = await db
        .selectFrom('keys')
        .select('hash')
        .where('hash', '=', hash)
        .unionAll(db.selectFrom('retiredHashes').select('hash').where('hash', '=', hash))
        .executeTakeFirst();
      return row !== undefined;
    },
    async list(workspaceId, apiId, { cursor, limit }, externalId) {
      let query = live()
        .where('keys.workspaceId', '=', workspaceId)
        .where('apiId', '=', apiId)
        .orderBy('keys.id')
        .limit(limit + 1);
      if (cursor !== undefined) query = query.where('keys.id', '>=', cursor);
      if (externalId !== undefined) {
        query = query.where('identityId', 'in', (eb) =>
          eb
            .selectFrom('identities')
            .select('identities.id')
            .where('identities.workspaceId', '=', workspaceId)
            .where('externalId', '=', externalId)
            .where('identities.deletedAt', 'is', null),
        );
      }
      const page = pageOf(await query.execute(), limit);
      return { ...page, rows: await keysOf(db, page.rows) };
    },
    async update(workspaceId, id, keyChanges) {
      changes.add(id);
      if (keyChanges.hash !== undefined) changes.add(keyChanges.hash);
      await db
        .updateTable('keys')
        .set(changedColumns(keyChanges))
        .where('workspaceId', '=', workspaceId)
        .where('id', '=', id)
        .execute();
    },
    async delete(workspaceId, id, at) {
      changes.add(id);
      await db
        .updateTable('keys')
        .set({ deletedAt: at })
        .where('workspaceId', '=', workspaceId)
        .where('id', '=', id)
        .execute();
    },
    async purge(workspaceId, id) {
      if (!(await isOwnKey(workspaceId, id))) return;
      changes.add(id);
      await db.deleteFrom('keyPermissions').where('keyId', '=', id).execute();
      await db.deleteFrom('keyRoles').where('keyId', '=', id).execute();
      await db.deleteFrom('ratelimits').where('ownerId', '=', id).execute();
      await db.deleteFrom('keys').where('workspaceId', '=', workspaceId).where('id', '=', id).execute();
    },
    attachPermissions: (workspaceId, id, permissionIds) =>
      attach(db, 'keyPermissions', linkOrder(workspaceId, id, permissionIds)),
    detachPermissions: (workspaceId, id, permissionIds) =>
      detach(db, 'keyPermissions', linkOrder(workspaceId, id, permissionIds)),
    attachRoles: (workspaceId, id, roleIds) => attach(db, 'keyRoles', linkOrder(workspaceId, id, roleIds)),
    detachRoles: (workspaceId, id, roleIds) => detach(db, 'keyRoles', linkOrder(workspaceId, id, roleIds)),
    async saveRatelimits(workspaceId, id, ratelimits) {
      if (!(await isOwnKey(workspaceId, id))) return;
      changes.add(id);
      await saveRatelimits(db, workspaceId, id, ratelimits);
    },
    async listDueRefills(now, limit) {
      const rows = await live()
        .where('nextRefillAt', '<=', now)
        .orderBy('nextRefillAt')
        .limit(limit)
        .execute();
      return keysOf(db, rows);
    },
    async markUsed(usedAt) {
      // In one order everywhere: two processes that mark the same keys wait for each other only once.
      for (const chunk of chunksOf([...usedAt].sort(([a], [b]) => (a < b ? -1 : 1)))) {
        const rows = sql.join(chunk.map(([id, at]) => sql`(${id}, cast(${at} as bigint))`));
        await sql`
          update keys set last_used_at = used.column2 from (values ${rows}) as used
          where keys.id = used.column1 and (last_used_at is null or last_used_at < used.column2)`.execute(db);
      }
    },
  };
}

/** Completes key rows with identities, permissions, roles and limits: a fixed number of queries for any number of keys. */
async function keysOf(db: Database, rows: readonly KeyRow[]): Promise<Key[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const permissions = await db
    .selectFrom('keyPermissions')
    .innerJoin('permissions', 'permissions.id', 'keyPermissions.permissionId')
    .select(['keyId', 'permissions.id', 'slug', 'name', 'description'])
    .where('keyId', 'in', ids)
    .orderBy('slug')
    .execute();
  const permissionsByKey = groupBy(permissions, ({ keyId }) => keyId);
  const rolesByKey = await rolesByKeyOf(db, ids);
  const ratelimits = await ratelimitsOf(db, ids);
  const identities = await identitiesByIdOf(db, rows);
  return rows.map((row) => ({
    ...decode(keyColumns, row),
    workspaceId: row.workspaceId,
    keyspaceId: row.keyspaceId,
    updatedAt: row.updatedAt,
    lastUsedAt: row.lastUsedAt,
    credits: creditsOf(row),
    identity: (row.identityId !== null && identities.get(row.identityId)) || null,
    permissions: (permissionsByKey.get(row.id) ?? []).map(permissionOf),
    roles: rolesByKey.get(row.id) ?? [],
    ratelimits: ratelimits.get(row.id) ?? [],
  }));
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

function creditsOf(row: KeyRow): Credits {
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
