import { type InputOf, operations } from '@unkey-ts/contract';
import type { Key, KeyChanges, Role } from '../../storage/port/records.ts';
import type { WriteContext } from '../context.ts';
import { handlerOf } from '../handler.ts';
import { ensureIdentity } from '../identities/ensure-identity.ts';
import { mergeRatelimits } from '../merge-ratelimits.ts';
import { createPermissions, resolvePermissions } from '../permissions/resolve-permissions.ts';
import { Refusal } from '../refusal.ts';
import { updatedCredits } from './key-credits.ts';
import { replaceLinks } from './key-links.ts';
import { changedSettings } from './key-settings.ts';
import { locateKey } from './locate-key.ts';
import { resolveRoles } from './resolve-roles.ts';

type Input = InputOf<'keys.updateKey'>;

export const updateKey = handlerOf(operations['keys.updateKey'], {
  locate: locateKey,
  async act(context, input, { key }) {
    const { store, workspaceId, audit } = context;
    const changes = await changesOf(context, input, key);
    if (changes instanceof Refusal) return changes;
    const roles = input.roles && (await resolveRoles(context, input.roles));
    if (roles instanceof Refusal) return roles;
    await store.keys.update(workspaceId, key.id, changes);
    await replaceRelations(context, input, { key, roles });
    audit('key.update', {
      display: `Updated key ${key.id}`,
      resources: [
        { type: 'key', id: key.id, ...(key.name && { name: key.name }) },
        { type: 'api', id: key.apiId },
      ],
    });
    return { data: {} };
  },
});

async function changesOf(context: WriteContext, input: Input, key: Key): Promise<KeyChanges | Refusal> {
  const { externalId } = input;
  const credits = updatedCredits(key.credits, input.credits, context.now);
  if (credits instanceof Refusal) return credits;
  return {
    updatedAt: context.now,
    ...changedSettings(input),
    ...(credits !== key.credits && { credits }),
    ...(externalId !== undefined && {
      identityId: externalId === null ? null : await ensureIdentity(context, externalId),
    }),
  };
}

async function replaceRelations(
  context: WriteContext,
  input: Input,
  { key, roles }: { key: Key; roles: readonly Role[] | undefined },
): Promise<void> {
  const { store, workspaceId, services } = context;
  if (input.ratelimits) {
    const ratelimits = mergeRatelimits(key.ratelimits, input.ratelimits, () => services.ids.id('rl'));
    await store.keys.saveRatelimits(workspaceId, key.id, ratelimits);
  }
  if (roles) await replaceLinks(context, key, { roles });
  if (input.permissions) {
    const { existing, missing } = await resolvePermissions(context, input.permissions);
    const created = await createPermissions(context, missing, {
      isAudited: true,
      description: (slug) => `Auto-created permission: ${slug}`,
    });
    await replaceLinks(context, key, { permissions: [...existing, ...created] });
  }
}
