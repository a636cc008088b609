import { foldCase } from '../../domain/fold-case.ts';
import type { Changes } from '../changes.ts';
import type { Role } from '../port/records.ts';
import type { RoleStore } from '../port/store.ts';
import { boundedPage, roleSizes } from './bounded-page.ts';
import { chunksOf } from './chunks.ts';
import { addHoldersOfRole } from './holders.ts';
import { insertRows } from './insert-row.ts';
import { attach, detach } from './links.ts';
import { isOwn } from './own-ids.ts';
import { unlink } from './pending-unlinks.ts';
import { perform } from './perform.ts';
import { groupBy, permissionOf } from './rows.ts';
import { searchPage } from './search.ts';
import type { Database } from './tables.ts';

type NewRole = Parameters<RoleStore['create']>[1][number];
type RoleRow = Omit<Role, 'permissions'>;

export function roleStore(db: Database, changes: Changes): RoleStore {
  const own = (workspaceId: string) => ownRoles(db, workspaceId);

  const linkOrder = (workspaceId: string, id: string, targetIds: readonly string[]) => ({
    workspaceId,
    ownerId: id,
    targetIds,
    onChange: () => addHoldersOfRole(db, changes, { workspaceId, id }),
  });

  const complete = async (row: RoleRow | undefined): Promise<Role | null> =>
    row ? ((await rolesOf(db, [row]))[0] ?? null) : null;

  return {
    create: (workspaceId, roles) =>
      insertRows(
        db,
        'roles',
        roles.map((role) => newRow(workspaceId, role)),
      ),
    async find(workspaceId, idOrName) {
      const byId = await own(workspaceId).where('id', '=', idOrName).executeTakeFirst();
      return complete(
        byId ?? (await own(workspaceId).where('nameFolded', '=', foldCase(idOrName)).executeTakeFirst()),
      );
    },
    findById: async (workspaceId, id) =>
      complete(await own(workspaceId).where('id', '=', id).executeTakeFirst()),
    async findByNames(workspaceId, names) {
      const rows = [];
      for (const chunk of chunksOf([...new Set(names.map(foldCase))])) {
        rows.push(...(await own(workspaceId).where('nameFolded', 'in', chunk).execute()));
      }
      return rolesOf(
        db,
        rows.sort((a, b) => (a.name < b.name ? -1 : 1)),
      );
    },
    async list(workspaceId, query) {
      const read = (from: string | undefined, limit: number) => rowsFrom(db, workspaceId, from, limit);
      const textsOf = ({ id, name, description }: RoleRow) => [id, name, description];
      const page = await boundedPage(db, await searchPage({ read, textsOf }, query), roleSizes);
      return { ...page, rows: await rolesOf(db, page.rows) };
    },
    attachPermissions: (workspaceId, id, permissionIds) =>
      attach(db, 'rolePermissions', linkOrder(workspaceId, id, permissionIds)),
    detachPermissions: (workspaceId, id, permissionIds) =>
      detach(db, 'rolePermissions', linkOrder(workspaceId, id, permissionIds)),
    async delete(workspaceId, id) {
      if (!(await isOwn(db, 'roles', workspaceId, id))) return;
      await addHoldersOfRole(db, changes, { workspaceId, id });
      // All of them at once: what a key has through a role must end with the role.
      await perform(db, db.deleteFrom('rolePermissions').where('roleId', '=', id));
      await unlink(db, 'keyRoles', id);
      await perform(db, db.deleteFrom('roles').where('workspaceId', '=', workspaceId).where('id', '=', id));
    },
  };
}

function newRow(workspaceId: string, role: NewRole) {
  const { id, name, description, createdAt } = role;
  return { id, workspaceId, name, nameFolded: foldCase(name), description, createdAt };
}

function ownRoles(db: Database, workspaceId: string) {
  return db.selectFrom('roles').select(['id', 'name', 'description']).where('workspaceId', '=', workspaceId);
}

function rowsFrom(
  db: Database,
  workspaceId: string,
  from: string | undefined,
  limit: number,
): Promise<RoleRow[]> {
  return ownRoles(db, workspaceId)
    .$if(from !== undefined, (rows) => rows.where('id', '>=', from ?? ''))
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Completes role rows with their permissions, sorted by slug, keeping the order of the rows. */
export async function rolesOf(db: Database, rows: readonly RoleRow[]): Promise<Role[]> {
  if (rows.length === 0) return [];
  const attached = await db
    .selectFrom('rolePermissions')
    .innerJoin('permissions', 'permissions.id', 'rolePermissions.permissionId')
    .select(['roleId', 'permissions.id', 'slug', 'name', 'description'])
    .where(
      'roleId',
      'in',
      rows.map(({ id }) => id),
    )
    .orderBy('slug')
    .execute();
  const byRole = groupBy(attached, ({ roleId }) => roleId);
  return rows.map(({ id, name, description }) => ({
    id,
    name,
    description,
    permissions: (byRole.get(id) ?? []).map(permissionOf),
  }));
}
