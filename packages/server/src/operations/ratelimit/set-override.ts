import { operations } from '@unkey-ts/contract';
import { handlerOf } from '../handler.ts';
import { locateNamespace } from './locate-namespace.ts';
import { overrideResources } from './override-resources.ts';

export const setOverride = handlerOf(operations['ratelimit.setOverride'], {
  locate: locateNamespace,
  async act({ store, workspaceId, services, now, audit }, { identifier, limit, duration }, { namespace }) {
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
