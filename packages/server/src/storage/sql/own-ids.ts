import { chunksOf } from './chunks.ts';
import type { Database } from './tables.ts';

/** Filters ids by workspace. Link tables have no workspace column, so links check here first. */
export async function ownIds(
  db: Database,
  table: 'keys' | 'identities' | 'permissions' | 'roles' | 'namespaces',
  workspaceId: string,
  ids: readonly string[],
): Promise<string[]> {
  const own = [];
  for (const chunk of chunksOf(ids)) {
    const rows = await db
      .selectFrom(table)
      .select('id')
      .where('workspaceId', '=', workspaceId)
      .where('id', 'in', chunk)
      .execute();
    own.push(...rows.map(({ id }) => id));
  }
  return own;
}

export async function isOwn(
  db: Database,
  table: Parameters<typeof ownIds>[1],
  workspaceId: string,
  id: string,
): Promise<boolean> {
  return (await ownIds(db, table, workspaceId, [id])).length > 0;
}
