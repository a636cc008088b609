import type { AuditRecord } from '../port/records.ts';
import type { AuditStore } from '../port/store.ts';
import { chunksOf } from './chunks.ts';
import { countRows } from './count-rows.ts';
import { insertRows } from './insert-row.ts';
import { auditRecordOf } from './rows.ts';
import type { Database } from './tables.ts';

export function auditStore(db: Database): AuditStore {
  return {
    // In slices: the records of a large request are made into rows one part after the other.
    async append(records) {
      for (const chunk of chunksOf(records)) await insertRows(db, 'auditLog', chunk.map(rowOf));
    },
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
    countBefore: (at, limit) =>
      countRows(db, db.selectFrom('auditLog').select('sequence').where('at', '<', at), limit),
  };
}

// Member by member: the rest of a record takes several times as long, and a request may have 20,000.
function rowOf(record: AuditRecord) {
  const { actor, resources } = record;
  return {
    id: record.id,
    workspaceId: record.workspaceId,
    event: record.event,
    at: record.at,
    display: record.display,
    remoteIp: record.remoteIp,
    userAgent: record.userAgent,
    correlationId: record.correlationId,
    actorType: actor.type,
    actorId: actor.id,
    actorName: actor.name,
    resources: JSON.stringify(resources),
  };
}
