import { hashKey } from '../../domain/keys/key-material.ts';
import type { VerifiableKey } from '../../domain/verification/verifiable-key.ts';
import type { AdoptionOrder } from '../../storage/port/commands.ts';
import type { Context } from '../context.ts';
import { type Refusal, refuse } from '../refusal.ts';

/**
 * Finds a key by the hash that it had in another system and replaces that by Unkey's own hash, so that later
 * verifications need no migration. Null when there is no such key.
 */
export async function findMigratedKey(
  { services, workspaceId, now }: Context,
  { key, migrationId }: Pick<AdoptionOrder, 'key' | 'migrationId'>,
): Promise<VerifiableKey | null | Refusal> {
  const adoption = await services.commands.adoptMigratedKey({ workspaceId, key, migrationId, now });
  if (adoption === 'none') return null;
  if (adoption === 'malformed') {
    return refuse(
      'unkey/authentication/malformed',
      'A key of this migration has at least three parts with _ between them: prefix, short token, long token.',
    );
  }
  return services.lookups.findVerifiableKey(workspaceId, hashKey(key));
}
