import { hashKey, longTokenHash, parsePrefixedKey } from '../../domain/keys/key-material.ts';
import type { Services } from '../../services.ts';
import type { Adoption, AdoptionOrder } from '../../storage/port/commands.ts';

/** Gives a migrated key, found by the hash that it had in another system, Unkey's own hash. */
export async function adoptMigratedKey(
  { storage }: Pick<Services, 'storage'>,
  { workspaceId, key, migrationId, now }: AdoptionOrder,
): Promise<Adoption> {
  const migration = await storage.read((store) => store.migrations.find(workspaceId, migrationId));
  // Keys of a sha256 migration have Unkey's hash from the start: the lookup before did not find it.
  if (migration === null || migration.algorithm === 'sha256') return 'none';
  const prefixed = parsePrefixedKey(key);
  if (prefixed === null) return 'malformed';
  const hash = hashKey(key);
  await storage.write(
    async (store) => {
      const pending = await store.keys.findByHash(workspaceId, longTokenHash(prefixed.longToken));
      if (pending?.pendingMigrationId !== migration.id || (await store.keys.isHashTaken(workspaceId, hash)))
        return;
      await store.keys.update(workspaceId, pending.id, {
        hash,
        start: prefixed.start,
        prefix: prefixed.prefix || null,
        pendingMigrationId: null,
        updatedAt: now,
      });
    },
    { workspaceId },
  );
  return 'attempted';
}
