import { type InputOf, operations } from '@unkey-ts/contract';
import type { Ids } from '../../base/ids.ts';
import { foldCase } from '../../domain/fold-case.ts';
import { migratedHash } from '../../domain/keys/migrated-hash.ts';
import type { Credits } from '../../domain/keys/refill.ts';
import type { NewKeyWithLinks, Permission, Role } from '../../storage/port/records.ts';
import type { WriteContext } from '../context.ts';
import { handlerOf } from '../handler.ts';
import { ensureIdentities } from '../identities/ensure-identity.ts';
import { mergeRatelimits } from '../merge-ratelimits.ts';
import { createPermissions, resolvePermissions } from '../permissions/resolve-permissions.ts';
import { Refusal, refuseAbsent } from '../refusal.ts';
import { newCredits } from './key-credits.ts';
import { auditLinks } from './key-links.ts';
import { newSettings } from './key-settings.ts';

type Input = InputOf<'keys.migrateKeys'>;

/** A key of the request whose hash is a SHA-256. */
interface Item {
  readonly input: Input['keys'][number];
  /** As it is stored. */
  readonly hash: string;
  readonly credits: Credits;
}

interface Failure {
  readonly hash: string;
  readonly reason: 'hash_taken' | 'hash_malformed';
}

/** What keys of one request refer to: each found or created once, in one statement for all of them. */
interface Relations {
  readonly identityIds: ReadonlyMap<string, string>;
  readonly permissions: ReadonlyMap<string, Permission>;
  readonly roles: ReadonlyMap<string, Role>;
}

interface Target {
  readonly apiId: string;
  readonly migrationId: string;
  readonly relations: Relations;
  readonly ids: ReturnType<Ids['batch']>;
}

export const migrateKeys = handlerOf(operations['keys.migrateKeys'], {
  locate: (_context, { apiId }) => ({ scope: { apiId } }),
  async act(context, { apiId, migrationId, keys }) {
    const { store, workspaceId, now } = context;
    if ((await store.apis.find(workspaceId, apiId)) === null) return refuseAbsent('unkey/data/api_not_found');
    const migration = await store.migrations.find(workspaceId, migrationId);
    if (migration === null) return refuseAbsent('unkey/data/migration_not_found');
    const items: (Item | Failure)[] = [];
    for (const [index, input] of keys.entries()) {
      const hash = migratedHash(migration.algorithm, input.hash);
      const credits = newCredits(input.credits, { now, location: `body.keys[${index}].credits` });
      if (hash === null) items.push({ hash: input.hash, reason: 'hash_malformed' });
      else if (credits instanceof Refusal) return credits;
      else items.push({ input, hash, credits });
    }
    return { data: await migrateItems(context, items, { apiId, migrationId }) };
  },
});

/** So many keys are prepared and stored at a time, so that other requests are served in between. */
const sliceSize = 1000;

/** Identities, permissions and roles are created even if the hash of their key is taken. */
async function migrateItems(
  context: WriteContext,
  items: readonly (Item | Failure)[],
  target: Pick<Target, 'apiId' | 'migrationId'>,
) {
  const { store, workspaceId } = context;
  const valid = items.filter((item) => 'input' in item);
  const relations = await ensureRelations(context, valid);
  const taken = await store.keys.takenHashes(
    workspaceId,
    valid.map(({ hash }) => hash),
  );
  const ids = context.services.ids.batch();
  const migrated: { hash: string; keyId: string }[] = [];
  const failures: Failure[] = [];
  for (let start = 0; start < items.length; start += sliceSize) {
    const keys: NewKeyWithLinks[] = [];
    for (const item of items.slice(start, start + sliceSize)) {
      if (!('input' in item)) failures.push(item);
      else if (taken.has(item.hash)) failures.push({ hash: item.input.hash, reason: 'hash_taken' });
      else {
        // A second key of the request with the same hash finds it taken.
        taken.add(item.hash);
        const key = newKey(context, item, { ...target, relations, ids });
        keys.push(key);
        migrated.push({ hash: item.input.hash, keyId: key.id });
      }
    }
    await store.keys.createMany(workspaceId, keys);
  }
  return { migrated, failed: failures.map(({ hash }) => hash), failures };
}

/** The key, with its audit records. */
function newKey(
  context: WriteContext,
  { input, hash, credits }: Item,
  { apiId, migrationId, relations, ids }: Target,
): NewKeyWithLinks {
  const { now, audit } = context;
  const id = ids.id('key');
  const permissions = linked(relations.permissions, input.permissions);
  const roles = linked(relations.roles, input.roles);
  auditLinks(context, 'attachPermissions', { keyId: id, linked: permissions });
  auditLinks(context, 'attachRoles', { keyId: id, linked: roles });
  audit('key.create', {
    display: `Created key ${id} in migration ${migrationId}`,
    resources: [
      { type: 'key', id, name: input.name },
      { type: 'api', id: apiId },
    ],
  });
  return {
    id,
    apiId,
    hash,
    start: '',
    prefix: null,
    byteLength: 16,
    ...newSettings(input),
    createdAt: now,
    pendingMigrationId: migrationId,
    ciphertext: null,
    credits,
    identityId: input.externalId === undefined ? null : (relations.identityIds.get(input.externalId) ?? null),
    ratelimits: mergeRatelimits([], input.ratelimits ?? [], () => ids.id('rl')),
    permissionIds: permissions.map((permission) => permission.id),
    roleIds: roles.map((role) => role.id),
  };
}

async function ensureRelations(context: WriteContext, items: readonly Item[]): Promise<Relations> {
  const identityIds = await ensureIdentities(
    context,
    items.flatMap(({ input }) => input.externalId ?? []),
  );
  const { existing, missing } = await resolvePermissions(
    context,
    items.flatMap(({ input }) => input.permissions ?? []),
  );
  const created = await createPermissions(context, missing, { isAudited: false });
  const roles = await ensureRoles(
    context,
    items.flatMap(({ input }) => input.roles ?? []),
  );
  return {
    identityIds,
    permissions: new Map([...existing, ...created].map((one) => [foldCase(one.slug), one])),
    roles: new Map(roles.map((role) => [foldCase(role.name), role])),
  };
}

/** Those that the names mean, each once, sorted by name. */
function linked<Target extends { readonly name: string }>(
  targets: ReadonlyMap<string, Target>,
  names: readonly string[] = [],
): Target[] {
  if (names.length === 0) return [];
  const found = new Set(names.flatMap((name) => targets.get(foldCase(name)) ?? []));
  return [...found].sort((a, b) => (a.name < b.name ? -1 : 1));
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
