import type { MigrationAlgorithm } from '@unkey-ts/server';
import type { World } from './scenario.ts';

/** A migration of the case's workspace, as an operator sets it up; answers its id. */
export async function makeMigration(
  { service, workspaceId, clock }: World,
  algorithm: MigrationAlgorithm,
): Promise<string> {
  const { storage, ids } = service.app.services;
  const id = ids.id('migration');
  await storage.write((store) =>
    store.migrations.create(workspaceId, { id, name: 'test', algorithm, createdAt: clock.now() }),
  );
  return id;
}
