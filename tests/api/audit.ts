import type { AuditRecord } from '@unkey-ts/server';
import type { World } from './scenario.ts';

/** The audit records of the case's workspace, oldest first. */
export function auditOf({ service, workspaceId }: World): Promise<AuditRecord[]> {
  return service.app.services.storage.read((store) =>
    store.audit.list({ since: 0, workspaceId, limit: 10_000 }),
  );
}

/** Their events. */
export async function eventsOf(world: World): Promise<string[]> {
  return (await auditOf(world)).map(({ event }) => event);
}
