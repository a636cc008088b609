import { operations } from '@unkey-ts/contract';
import type { Identity, Ratelimit } from '../../storage/port/records.ts';
import type { WriteContext } from '../context.ts';
import { handlerOf, locateNothing } from '../handler.ts';
import { mergeRatelimits, type WantedRatelimit } from '../merge-ratelimits.ts';
import { presentIdentity } from '../present.ts';
import { type Refusal, refuseAbsent, refuseInput } from '../refusal.ts';
import { auditRatelimit } from './audit-ratelimit.ts';

export const updateIdentity = handlerOf(operations['identities.updateIdentity'], {
  locate: locateNothing,
  async act(context, { identity: reference, meta, ratelimits }) {
    const { store, workspaceId, now, audit } = context;
    const repeated = refuseRepeatedName(ratelimits ?? []);
    if (repeated) return repeated;
    const identity = await store.identities.find(workspaceId, reference);
    if (identity === null) return refuseAbsent('unkey/data/identity_not_found');
    const { id, externalId } = identity;

    await store.identities.update(workspaceId, id, { updatedAt: now, ...(meta !== undefined && { meta }) });
    audit('identity.update', {
      display: `Updated identity ${id}`,
      resources: [{ type: 'identity', id, name: externalId }],
    });
    const limits =
      ratelimits === undefined ? identity.ratelimits : await replaceRatelimits(context, identity, ratelimits);
    return { data: presentIdentity({ ...identity, meta: meta ?? identity.meta, ratelimits: limits }) };
  },
});

function refuseRepeatedName(ratelimits: readonly WantedRatelimit[]): Refusal | null {
  const names = new Set<string>();
  for (const [index, { name }] of ratelimits.entries()) {
    if (names.has(name))
      return refuseInput(`body.ratelimits[${index}].name`, 'is listed twice; list each once');
    names.add(name);
  }
  return null;
}

async function replaceRatelimits(
  context: WriteContext,
  identity: Identity,
  wanted: readonly WantedRatelimit[],
): Promise<Ratelimit[]> {
  const { store, workspaceId, services } = context;
  const limits = mergeRatelimits(identity.ratelimits, wanted, () => services.ids.id('rl'));
  await store.identities.saveRatelimits(workspaceId, identity.id, limits);

  const before = new Set(identity.ratelimits.map(({ id }) => id));
  const after = new Set(limits.map(({ id }) => id));
  const deleted = identity.ratelimits.filter(({ id }) => !after.has(id));
  for (const limit of deleted) auditRatelimit(context, 'ratelimit.delete', limit, identity);
  for (const limit of limits) {
    auditRatelimit(context, before.has(limit.id) ? 'ratelimit.update' : 'ratelimit.create', limit, identity);
  }
  return limits;
}
