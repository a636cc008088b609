import type { AuditRecord } from '../port/records.ts';
import type { AuditStore } from '../port/store.ts';
import { insertRows } from './insert-row.ts';
import { auditRecordOf } from './rows.ts';
import type { Database } from './tables.ts';

export function auditStore(db: Database): AuditStore {
  return {
    append: (records) => insertRows(db, 'auditLog', records.map(rowOf)),
    async list({ since, workspaceId, limit }) {
      let query = db
        .selectFrom('auditLog')
        .selectAll()
        .where('at', '>=', since)
        // By time first, so that the index of times finds the newest rows.
        .orderBy('at', 'desc')
        .orderBy('sequence', 'desc')
        .limit(limit);
      if (workspaceId !== undefined) query = query.where('workspaceId', '=', workspaceId);
      return (await query.execute()).map(auditRecordOf).reverse();
    },
    async deleteBefore(at, limit) {
      const { numDeletedRows } = await db
        .deleteFrom('auditLog')
        .where('sequence', 'in', (old) =>
          old.selectFrom('auditLog').select('sequence').where('at', '<', at).orderBy('at').limit(limit),
        )
        .executeTakeFirst();
      return Number(numDeletedRows);
    },
  };
}

function rowOf({ actor, resources, ...record }: AuditRecord) {
  return {
    ...record,
    actorType: actor.type,
    actorId: actor.id,
    actorName: actor.name,
    resources: JSON.stringify(resources),
  };
}
