import { type InputOf, operations } from '@unkey-ts/contract';
import { foldCase } from '../../domain/fold-case.ts';
import { migratedHash } from '../../domain/keys/migrated-hash.ts';
import type { Role } from '../../storage/port/records.ts';
import type { WriteContext } from '../context.ts';
import { handlerOf } from '../handler.ts';
import { ensureIdentity } from '../identities/ensure-identity.ts';
import { mergeRatelimits } from '../merge-ratelimits.ts';
import { createPermissions, resolvePermissions } from '../permissions/resolve-permissions.ts';
import { Refusal, refuseAbsent } from '../refusal.ts';
import { newCredits } from './key-credits.ts';
import { newSettings } from './key-settings.ts';
import { saveKey } from './save-key.ts';

type Input = InputOf<'keys.migrateKeys'>;
type Item = Input['keys'][number];

export const migrateKeys = handlerOf(operations['keys.migrateKeys'], {
  locate: (_context, { apiId }) => ({ scope: { apiId } }),
  async act(context, { apiId, migrationId, keys }) {
    const { store, workspaceId } = context;
    if ((await store.apis.find(workspaceId, apiId)) === null) return refuseAbsent('unkey/data/api_not_found');
    const migration = await store.migrations.find(workspaceId, migrationId);
    if (migration === null) return refuseAbsent('unkey/data/migration_not_found');
    const migrated: { hash: string; keyId: string }[] = [];
    const failures: { hash: string; reason: 'hash_taken' | 'hash_malformed' }[] = [];
    for (const [index, item] of keys.entries()) {
      const hash = migratedHash(migration.algorithm, item.hash);
      if (hash === null) {
        failures.push({ hash: item.hash, reason: 'hash_malformed' });
        continue;
      }
      const place = { apiId, migrationId, location: `body.keys[${index}]` };
      const keyId = await migrateKey(context, { ...item, hash }, place);
      if (keyId instanceof Refusal) return keyId;
      if (keyId === null) failures.push({ hash: item.hash, reason: 'hash_taken' });
      else migrated.push({ hash: item.hash, keyId });
    }
    return { data: { migrated, failed: failures.map(({ hash }) => hash), failures } };
  },
});

/** Id of the new key; null if the hash is taken. Identities, permissions and roles are created even then. */
async function migrateKey(
  context: WriteContext,
  item: Item,
  { apiId, migrationId, location }: { apiId: string; migrationId: string; location: string },
): Promise<string | null | Refusal> {
  const { store, services, now, audit } = context;
  const credits = newCredits(item.credits, { now, location: `${location}.credits` });
  if (credits instanceof Refusal) return credits;
  const identityId = item.externalId === undefined ? null : await ensureIdentity(context, item.externalId);
  const { existing, missing } = await resolvePermissions(context, item.permissions ?? []);
  const created = await createPermissions(context, missing, { isAudited: false });
  const roles = await ensureRoles(context, item.roles ?? []);
  if (await store.keys.isHashTaken(item.hash)) return null;
  const id = services.ids.id('key');
  await saveKey(context, {
    id,
    apiId,
    hash: item.hash,
    start: '',
    prefix: null,
    byteLength: 16,
    ...newSettings(item),
    createdAt: now,
    pendingMigrationId: migrationId,
    ciphertext: null,
    credits,
    identityId,
    ratelimits: mergeRatelimits([], item.ratelimits ?? [], () => services.ids.id('rl')),
    permissions: [...existing, ...created],
    roles,
    isLinkAudited: true,
  });
  audit('key.create', {
    display: `Created key ${id} in migration ${migrationId}`,
    resources: [
      { type: 'key', id, name: item.name },
      { type: 'api', id: apiId },
    ],
  });
  return id;
}

/** Unlike other operations, a migration creates missing roles. */
async function ensureRoles(
  { store, workspaceId, services, now }: WriteContext,
  names: readonly string[],
): Promise<Role[]> {
  const existing = await store.roles.findByNames(workspaceId, names);
  const known = new Set(existing.map(({ name }) => foldCase(name)));
  const created: Role[] = [];
  for (const name of names) {
    if (known.has(foldCase(name))) continue;
    known.add(foldCase(name));
    created.push({ id: services.ids.id('role'), name, description: null, permissions: [] });
  }
  const rows = created.map(({ id, name, description }) => ({ id, name, description, createdAt: now }));
  await store.roles.create(workspaceId, rows);
  return [...existing, ...created];
}
