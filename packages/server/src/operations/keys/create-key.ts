import { operations } from '@unkey-ts/contract';
import { handlerOf } from '../handler.ts';
import { ensureIdentity } from '../identities/ensure-identity.ts';
import { mergeRatelimits } from '../merge-ratelimits.ts';
import { createPermissions, resolvePermissions } from '../permissions/resolve-permissions.ts';
import { Refusal, refuseAbsent } from '../refusal.ts';
import { issueKey } from './issue-key.ts';
import { newCredits } from './key-credits.ts';
import { conditionsOfSecret, refuseWithoutMasterKey } from './key-encryption.ts';
import { newSettings } from './key-settings.ts';
import { resolveRoles } from './resolve-roles.ts';

export const createKey = handlerOf(operations['keys.createKey'], {
  async locate(context, { apiId, recoverable }) {
    const api = await context.store.apis.find(context.workspaceId, apiId);
    if (api === null) return refuseAbsent('unkey/data/api_not_found');
    const { keyspaceId } = api;
    return {
      api,
      scope: { apiId, keyspaceId },
      conditions: recoverable ? conditionsOfSecret(context, 'encrypt') : [],
    };
  },
  async act(context, input, { api }) {
    const { services, now, audit } = context;
    const isRecoverable = input.recoverable ?? false;
    const unrecoverable = isRecoverable ? refuseWithoutMasterKey(context) : null;
    if (unrecoverable) return unrecoverable;
    const credits = newCredits(input.credits, { now, location: 'body.credits' });
    if (credits instanceof Refusal) return credits;
    const roles = await resolveRoles(context, input.roles ?? []);
    if (roles instanceof Refusal) return roles;
    const { existing, missing } = await resolvePermissions(context, input.permissions ?? []);

    const issued = await issueKey(context, {
      apiId: api.id,
      prefix: input.prefix ?? api.defaultPrefix,
      byteLength: input.byteLength ?? api.defaultByteLength ?? 16,
      isRecoverable,
      ...newSettings(input),
      credits,
      identityId: input.externalId === undefined ? null : await ensureIdentity(context, input.externalId),
      ratelimits: mergeRatelimits([], input.ratelimits ?? [], () => services.ids.id('rl')),
      permissions: [...existing, ...(await createPermissions(context, missing, { isAudited: false }))],
      roles,
      isLinkAudited: true,
    });
    if (issued instanceof Refusal) return issued;
    audit('key.create', {
      display: `Created key ${issued.keyId}`,
      resources: [
        { type: 'key', id: issued.keyId, name: input.name },
        { type: 'api', id: api.id, name: api.name },
      ],
    });
    return { data: issued };
  },
});
