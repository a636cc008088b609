import type { MigrationAlgorithm } from '@unkey-ts/server';
import type { World } from './scenario.ts';

/** Creates a migration in the workspace of the case, as an operator does; returns its id. */
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
