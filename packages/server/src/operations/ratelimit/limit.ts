import { operations } from '@unkey-ts/contract';
import { handlerOf } from '../handler.ts';
import { Refusal } from '../refusal.ts';
import { decideLimits } from './decide-limits.ts';
import { ensureNamespaces, refuseDeleted, scopeOf } from './ensure-namespaces.ts';

export const limit = handlerOf(operations['ratelimit.limit'], {
  async locate({ services, workspaceId }, { namespace: name }) {
    const namespace = await services.lookups.findNamespace(workspaceId, name);
    if (namespace === null) return { scope: scopeOf(null), needs: ['newNamespace'] };
    if (namespace.deletedAt !== null) return refuseDeleted(name);
    return { scope: scopeOf(namespace) };
  },
  async act(context, input) {
    const namespaces = await ensureNamespaces(context, [input.namespace]);
    if (namespaces instanceof Refusal) return namespaces;
    const [decision] = (await decideLimits(context, [input], namespaces)).limits;
    if (decision === undefined) throw new Error('A limit was asked for and not decided.');
    const { passed, namespace: _, identifier: __, ...rest } = decision;
    return { data: { success: passed, ...rest }, outcome: passed ? 'passed' : 'denied' };
  },
});
