import { hashKey, longTokenHash, parsePrefixedKey } from '../../domain/keys/key-material.ts';
import type { VerifiableKey } from '../../domain/verification/verifiable-key.ts';
import type { Store } from '../../storage/port/store.ts';
import type { Context } from '../context.ts';
import { type Refusal, refuse } from '../refusal.ts';

/** A presented key, and the migration that the caller names. */
export interface MigratedKey {
  readonly key: string;
  readonly migrationId: string;
}

/**
 * Finds a key by the hash that it had in another system and replaces that by Unkey's own hash, so that later
 * verifications need no migration. Null when there is no such key.
 */
export async function findMigratedKey(
  { services, workspaceId, now }: Context,
  { key, migrationId }: MigratedKey,
): Promise<VerifiableKey | null | Refusal> {
  const migration = await services.storage.read((store) => store.migrations.find(workspaceId, migrationId));
  // Keys of a sha256 migration have Unkey's hash from the start: the lookup before did not find it.
  if (migration === null || migration.algorithm === 'sha256') return null;
  const prefixed = parsePrefixedKey(key);
  if (prefixed === null) {
    return refuse(
      'unkey/authentication/malformed',
      'A key of this migration has at least three parts with _ between them: prefix, short token, long token.',
    );
  }
  const hash = hashKey(key);
  const adopt = async (store: Store) => {
    const pending = await store.keys.findByHash(workspaceId, longTokenHash(prefixed.longToken));
    if (pending?.pendingMigrationId !== migration.id || (await store.keys.isHashTaken(hash))) return;
    await store.keys.update(workspaceId, pending.id, {
      hash,
      start: prefixed.start,
      prefix: prefixed.prefix || null,
      pendingMigrationId: null,
      updatedAt: now,
    });
  };
  await services.storage.write(adopt, { workspaceId });
  return services.lookups.findVerifiableKey(hash);
}
