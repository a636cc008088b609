import { itemsMax, operations } from '@unkey-ts/contract';
import { handlerOf } from '../handler.ts';
import { refuseInput } from '../refusal.ts';
import { locateNamespace } from './locate-namespace.ts';
import { overrideResources } from './override-resources.ts';

export const setOverride = handlerOf(operations['ratelimit.setOverride'], {
  locate: locateNamespace,
  async act({ store, workspaceId, services, now, audit }, { identifier, limit, duration }, { namespace }) {
    const isNew = namespace.overrides.every((override) => override.identifier !== identifier);
    if (isNew && namespace.overrides.length >= itemsMax) {
      return refuseInput(
        'body.identifier',
        `must have an override already: a namespace must have at most ${itemsMax}; delete one with \`ratelimit.deleteOverride\`, or cover several identifiers with \`*\``,
      );
    }
    const id = await store.namespaces.setOverride(workspaceId, namespace.id, {
      id: services.ids.id('rlor'),
      identifier,
      limit,
      durationMs: duration,
      createdAt: now,
    });
    audit('ratelimit.set_override', {
      display: `Set override ${id} of namespace ${namespace.id}`,
      resources: overrideResources({ id, identifier }, namespace),
    });
    return { data: { overrideId: id } };
  },
});
