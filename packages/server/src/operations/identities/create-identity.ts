import { operations } from '@unkey-ts/contract';
import { handlerOf, locateNothing } from '../handler.ts';
import { mergeRatelimits } from '../merge-ratelimits.ts';
import { refuse } from '../refusal.ts';
import { auditRatelimit } from './audit-ratelimit.ts';

export const createIdentity = handlerOf(operations['identities.createIdentity'], {
  locate: locateNothing,
  async act(context, { externalId, meta, ratelimits }) {
    const { store, workspaceId, services, now, audit } = context;
    if ((await store.identities.findByExternalId(workspaceId, externalId)) !== null) {
      return refuse(
        'unkey/data/identity_already_exists',
        `The external id \`${externalId}\` belongs to another identity; update that one or choose another id.`,
      );
    }
    const id = services.ids.id('id');
    const limits = mergeRatelimits([], ratelimits ?? [], () => services.ids.id('rl'));
    await store.identities.create(workspaceId, { id, externalId, meta: meta ?? null, createdAt: now });
    await store.identities.saveRatelimits(workspaceId, id, limits);
    audit('identity.create', {
      display: `Created identity ${id}`,
      resources: [{ type: 'identity', id, name: externalId }],
    });
    for (const limit of limits) auditRatelimit(context, 'ratelimit.create', limit, { id, externalId });
    return { data: { identityId: id } };
  },
});
