import { operations } from '@unkey-ts/contract';
import { handlerOf } from '../handler.ts';
import { refuseAbsent } from '../refusal.ts';
import { locateNamespace } from './locate-namespace.ts';
import { overrideResources } from './override-resources.ts';

export const deleteOverride = handlerOf(operations['ratelimit.deleteOverride'], {
  locate: locateNamespace,
  async act({ store, workspaceId, now, audit }, { identifier }, { namespace }) {
    // Matched by its exact text: a wildcard override is deleted by its pattern, not by an identifier that it matches.
    const override = namespace.overrides.find((candidate) => candidate.identifier === identifier);
    if (override === undefined) return refuseAbsent('unkey/data/ratelimit_override_not_found');
    await store.namespaces.deleteOverride(workspaceId, namespace.id, override.id, now);
    audit('ratelimit.delete_override', {
      display: `Deleted override ${override.id} of namespace ${namespace.id}`,
      resources: overrideResources(override, namespace),
    });
    return { data: {} };
  },
});
