import { sql } from 'kysely';
import { chunksOf } from './chunks.ts';
import { isOwn, ownIds } from './own-ids.ts';
import { performCompiled } from './perform.ts';
import type { Database } from './tables.ts';

/** The link tables: which owner has which target. */
const links = {
  keyPermissions: { owners: 'keys', ownerId: 'keyId', targets: 'permissions', targetId: 'permissionId' },
  keyRoles: { owners: 'keys', ownerId: 'keyId', targets: 'roles', targetId: 'roleId' },
  rolePermissions: { owners: 'roles', ownerId: 'roleId', targets: 'permissions', targetId: 'permissionId' },
} as const;

interface LinkOrder {
  readonly workspaceId: string;
  readonly ownerId: string;
  readonly targetIds: readonly string[];
  /** Called before the first change. */
  readonly onChange: () => void | Promise<void>;
}

/** Links the owner with the targets of its workspace; other targets are ignored, existing links stay. */
export async function attach(db: Database, table: keyof typeof links, order: LinkOrder): Promise<void> {
  const { owners, ownerId, targets, targetId } = links[table];
  const own = await ownIds(db, targets, order.workspaceId, order.targetIds);
  if (own.length === 0 || !(await isOwn(db, owners, order.workspaceId, order.ownerId))) return;
  await order.onChange();
  for (const chunk of chunksOf(own)) {
    const rows = sql.join(chunk.map((id) => sql`(${order.ownerId}, ${id})`));
    const columns = sql`${sql.ref(ownerId)}, ${sql.ref(targetId)}`;
    const insert = sql`insert into ${sql.table(table)} (${columns}) values ${rows} on conflict do nothing`;
    await performCompiled(db, insert.compile(db));
  }
}

export async function detach(db: Database, table: keyof typeof links, order: LinkOrder): Promise<void> {
  const { owners, ownerId, targetId } = links[table];
  if (order.targetIds.length === 0) return;
  if (!(await isOwn(db, owners, order.workspaceId, order.ownerId))) return;
  await order.onChange();
  for (const chunk of chunksOf(order.targetIds)) {
    const owned = sql`${sql.ref(ownerId)} = ${order.ownerId}`;
    const listed = sql`${sql.ref(targetId)} in (${sql.join(chunk)})`;
    await performCompiled(db, sql`delete from ${sql.table(table)} where ${owned} and ${listed}`.compile(db));
  }
}
