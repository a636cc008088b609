import type { Selectable } from 'kysely';
import type {
  Api,
  AuditRecord,
  Meta,
  Page,
  Permission,
  Ratelimit,
  RootKey,
  Workspace,
} from '../port/records.ts';
import type { Tables } from './tables.ts';

// Casts narrow a column to what the stores write to it: nothing else writes these tables.

type Row<Table extends keyof Tables> = Selectable<Tables[Table]>;

export function metaOf(text: string | null): Meta | null {
  return text === null ? null : (JSON.parse(text) as Meta);
}

export function metaText(meta: Meta | null): string | null {
  return meta === null ? null : JSON.stringify(meta);
}

export function workspaceOf(row: Row<'workspaces'>): Workspace {
  return { ...row, isEnabled: row.isEnabled === 1 };
}

export function rootKeyOf(row: Row<'rootKeys'>, permissions: readonly string[]): RootKey {
  return {
    id: row.id,
    workspaceId: row.workspaceId,
    start: row.start,
    name: row.name,
    isEnabled: row.isEnabled === 1,
    expiresAt: row.expiresAt,
    createdAt: row.createdAt,
    permissions,
  };
}

export function apiOf({ deletedAt: _, ...row }: Row<'apis'>): Api {
  return { ...row, isProtected: row.isProtected === 1 };
}

export function ratelimitOf(row: Row<'ratelimits'>): Ratelimit {
  return {
    id: row.id,
    name: row.name,
    limit: row.limit,
    durationMs: row.durationMs,
    isAutoApplied: row.isAutoApplied === 1,
  };
}

export function permissionOf(row: Pick<Row<'permissions'>, keyof Permission>): Permission {
  return { id: row.id, slug: row.slug, name: row.name, description: row.description };
}

export function auditRecordOf(row: Row<'auditLog'>): AuditRecord {
  return {
    id: row.id,
    workspaceId: row.workspaceId,
    event: row.event as AuditRecord['event'],
    at: row.at,
    actor: { type: row.actorType as AuditRecord['actor']['type'], id: row.actorId, name: row.actorName },
    display: row.display,
    remoteIp: row.remoteIp,
    userAgent: row.userAgent,
    resources: JSON.parse(row.resources) as AuditRecord['resources'],
    correlationId: row.correlationId,
  };
}

/** Expects one row more than `limit`, if there is one: its id is the cursor of the next page. */
export function pageOf<Row extends { readonly id: string }>(rows: readonly Row[], limit: number): Page<Row> {
  return { rows: rows.slice(0, limit), nextCursor: rows[limit]?.id ?? null };
}

/** Groups rows under a member's value, keeping their order. */
export function groupBy<Row, Key>(rows: readonly Row[], keyOf: (row: Row) => Key): Map<Key, Row[]> {
  const groups = new Map<Key, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group) group.push(row);
    else groups.set(keyOf(row), [row]);
  }
  return groups;
}
