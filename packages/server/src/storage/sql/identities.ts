import type { Updateable } from 'kysely';
import type { Changes } from '../changes.ts';
import type { Identity } from '../port/records.ts';
import type { IdentityStore } from '../port/store.ts';
import { boundedPage, identitySizes } from './bounded-page.ts';
import { chunksOf } from './chunks.ts';
import { insertRows } from './insert-row.ts';
import { isOwn } from './own-ids.ts';
import { perform } from './perform.ts';
import { ratelimitsOf, saveRatelimits } from './ratelimits.ts';
import { metaOf, metaText } from './rows.ts';
import { searchPage } from './search.ts';
import type { Database, Tables } from './tables.ts';

interface IdentityRow {
  readonly id: string;
  readonly externalId: string;
  readonly meta: string | null;
}

export function identityStore(db: Database, changes: Changes): IdentityStore {
  const live = (workspaceId: string) => liveIdentities(db, workspaceId);

  const set = (workspaceId: string, id: string, columns: Updateable<Tables['identities']>) =>
    perform(
      db,
      db.updateTable('identities').set(columns).where('workspaceId', '=', workspaceId).where('id', '=', id),
    );

  const complete = async (row: IdentityRow | undefined): Promise<Identity | null> =>
    row ? ((await identitiesOf(db, [row]))[0] ?? null) : null;

  return {
    create: (workspaceId, identity) => insertRows(db, 'identities', [newRow(workspaceId, identity)]),
    createMany: (workspaceId, identities) =>
      insertRows(
        db,
        'identities',
        identities.map((identity) => newRow(workspaceId, identity)),
      ),
    findIds: (workspaceId, externalIds) => findIds(db, workspaceId, externalIds),
    async find(workspaceId, idOrExternalId) {
      const byId = await live(workspaceId).where('id', '=', idOrExternalId).executeTakeFirst();
      return complete(
        byId ?? (await live(workspaceId).where('externalId', '=', idOrExternalId).executeTakeFirst()),
      );
    },
    findByExternalId: async (workspaceId, externalId) =>
      complete(await live(workspaceId).where('externalId', '=', externalId).executeTakeFirst()),
    async list(workspaceId, query) {
      const page = await searchPage(
        {
          read: (from, limit) => liveIds(db, workspaceId, from, limit),
          textsOf: ({ id, externalId }) => [id, externalId],
        },
        query,
      );
      const bounded = await boundedPage(db, page, identitySizes);
      return { ...bounded, rows: await identitiesById(db, bounded.rows) };
    },
    async update(workspaceId, id, { meta, updatedAt }) {
      changes.add(id);
      await set(workspaceId, id, { updatedAt, ...(meta !== undefined && { meta: metaText(meta) }) });
    },
    async saveRatelimits(workspaceId, id, ratelimits) {
      if (!(await isOwn(db, 'identities', workspaceId, id))) return;
      changes.add(id);
      await saveRatelimits(db, workspaceId, id, ratelimits);
    },
    async delete(workspaceId, id, at) {
      changes.add(id);
      await set(workspaceId, id, { deletedAt: at });
    },
  };
}

function newRow(workspaceId: string, identity: Parameters<IdentityStore['create']>[1]) {
  const { id, externalId, meta, createdAt } = identity;
  return { id, workspaceId, externalId, meta: metaText(meta), createdAt, updatedAt: null, deletedAt: null };
}

async function findIds(
  db: Database,
  workspaceId: string,
  externalIds: readonly string[],
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const chunk of chunksOf(externalIds)) {
    const rows = await liveIdentities(db, workspaceId).where('externalId', 'in', chunk).execute();
    for (const { id, externalId } of rows) found.set(externalId, id);
  }
  return found;
}

function liveIdentities(db: Database, workspaceId: string) {
  return db
    .selectFrom('identities')
    .select(['id', 'externalId', 'meta'])
    .where('workspaceId', '=', workspaceId)
    .where('deletedAt', 'is', null);
}

/** Without `meta`, which may be large: a search reads many rows that it does not return. */
function liveIds(db: Database, workspaceId: string, from: string | undefined, limit: number) {
  return db
    .selectFrom('identities')
    .select(['id', 'externalId'])
    .where('workspaceId', '=', workspaceId)
    .where('deletedAt', 'is', null)
    .$if(from !== undefined, (rows) => rows.where('id', '>=', from ?? ''))
    .orderBy('id')
    .limit(limit)
    .execute();
}

async function identitiesById(db: Database, rows: readonly { readonly id: string }[]): Promise<Identity[]> {
  if (rows.length === 0) return [];
  const found = await db
    .selectFrom('identities')
    .select(['id', 'externalId', 'meta'])
    .where(
      'id',
      'in',
      rows.map(({ id }) => id),
    )
    .orderBy('id')
    .execute();
  return identitiesOf(db, found);
}

/** Completes identity rows with their limits, keeping the order. */
export async function identitiesOf(db: Database, rows: readonly IdentityRow[]): Promise<Identity[]> {
  const ratelimits = await ratelimitsOf(
    db,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => ({
    id: row.id,
    externalId: row.externalId,
    meta: metaOf(row.meta),
    ratelimits: ratelimits.get(row.id) ?? [],
  }));
}
