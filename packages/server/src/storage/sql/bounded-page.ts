import { type RawBuilder, sql } from 'kysely';
import type { Page } from '../port/records.ts';
import type { Database } from './tables.ts';

/** A page ends with the item that reaches this size, and its cursor leads on. */
export const maxPageBytes = 1024 * 1024;

interface Size {
  readonly id: string;
  readonly bytes: number | string;
}

type Identified = { readonly id: string };

/** About the size of a permission. More links of one item need not be counted: they fill a page alone. */
const permissionBytes = sql.lit(100);
const maxLinks = sql.lit(11_000);

type Ids = RawBuilder<unknown>;

/** The sizes of the keys with these ids: of their metadata and permissions, of which nothing is read. */
export const keySizes = (ids: Ids) => sql<Size>`
  SELECT keys.id, coalesce(octet_length(keys.meta), 0) + coalesce(octet_length(identities.meta), 0)
    + ${permissionBytes} * (SELECT count(*) FROM key_permissions WHERE key_id = keys.id)
    + ${permissionBytes} * (SELECT count(*) FROM (
        SELECT 1 FROM key_roles JOIN role_permissions ON role_permissions.role_id = key_roles.role_id
        WHERE key_roles.key_id = keys.id LIMIT ${maxLinks}) AS links) AS bytes
  FROM keys LEFT JOIN identities ON identities.id = keys.identity_id
  WHERE keys.id IN (${ids})`;

export const identitySizes = (ids: Ids) => sql<Size>`
  SELECT id, coalesce(octet_length(meta), 0) AS bytes FROM identities WHERE id IN (${ids})`;

export const roleSizes = (ids: Ids) => sql<Size>`
  SELECT role_id AS id, ${permissionBytes} * count(*) AS bytes FROM role_permissions
  WHERE role_id IN (${ids}) GROUP BY role_id`;

/** Cuts a page by the sizes of its items. */
export async function boundedPage<Row extends Identified>(
  db: Database,
  page: Page<Row>,
  sizesOf: (ids: Ids) => RawBuilder<Size>,
): Promise<Page<Row>> {
  if (page.rows.length < 2) return page;
  const ids = sql.join(page.rows.map(({ id }) => id));
  return cut(page, (await sizesOf(ids).execute(db)).rows);
}

function cut<Row extends Identified>({ rows, nextCursor }: Page<Row>, sizes: readonly Size[]): Page<Row> {
  const bytesOf = new Map(sizes.map(({ id, bytes }) => [id, Number(bytes)]));
  let total = 0;
  const next = rows.findIndex(({ id }) => {
    const isFull = total >= maxPageBytes;
    total += bytesOf.get(id) ?? 0;
    return isFull;
  });
  return next === -1
    ? { rows, nextCursor }
    : { rows: rows.slice(0, next), nextCursor: rows[next]?.id ?? null };
}
