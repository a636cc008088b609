import type { AuditStore } from '../port/store.ts';
import { auditRecordOf } from './rows.ts';
import type { Database } from './tables.ts';

/** Rows in one insert: 12 columns each must stay under the bound on parameters of a statement. */
const rowsPerInsert = 1000;

export function auditStore(db: Database): AuditStore {
  return {
    async append(records) {
      const rows = records.map(({ actor, resources, ...record }) => ({
        ...record,
        actorType: actor.type,
        actorId: actor.id,
        actorName: actor.name,
        resources: JSON.stringify(resources),
      }));
      for (let start = 0; start < rows.length; start += rowsPerInsert) {
        await db
          .insertInto('auditLog')
          .values(rows.slice(start, start + rowsPerInsert))
          .execute();
      }
    },
    async list({ since, workspaceId, limit }) {
      let query = db
        .selectFrom('auditLog')
        .selectAll()
        .where('at', '>=', since)
        .orderBy('sequence')
        .limit(limit);
      if (workspaceId !== undefined) query = query.where('workspaceId', '=', workspaceId);
      return (await query.execute()).map(auditRecordOf);
    },
  };
}
