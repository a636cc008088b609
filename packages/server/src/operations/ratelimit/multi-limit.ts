import { operations } from '@unkey-ts/contract';
import { handlerOf } from '../handler.ts';
import { Refusal } from '../refusal.ts';
import { decideLimits } from './decide-limits.ts';
import { ensureNamespaces, scopeOf } from './ensure-namespaces.ts';

export const multiLimit = handlerOf(operations['ratelimit.multiLimit'], {
  async locate({ services, workspaceId }, items) {
    const names = [...new Set(items.map(({ namespace }) => namespace))];
    const found = await Promise.all(names.map((name) => services.lookups.findNamespace(workspaceId, name)));
    return { scope: found.map(scopeOf), needs: found.includes(null) ? ['newNamespace'] : [] };
  },
  async act(context, items) {
    const namespaces = await ensureNamespaces(
      context,
      items.map(({ namespace }) => namespace),
    );
    if (namespaces instanceof Refusal) return namespaces;
    // Only ratelimit.limit heeds the wish not to be recorded.
    const data = await decideLimits({ ...context, isRecorded: true }, items, namespaces);
    return { data, outcome: data.passed ? 'passed' : 'denied' };
  },
});
