import { operations } from '@unkey-ts/contract';
import { andThen } from '../../base/maybe-promise.ts';
import { handlerOf } from '../handler.ts';
import { Refusal } from '../refusal.ts';
import { decideLimits, type LimitDecisions, numbersOf } from './decide-limits.ts';
import { ensureNamespaces, findNamespaces, refuseDeleted, scopeOf } from './ensure-namespaces.ts';

export const limit = handlerOf(operations['ratelimit.limit'], {
  locate(context, { namespace: name }) {
    return andThen(findNamespaces(context, [name]), (found) => {
      const namespace = found.get(name) ?? null;
      if (namespace === null) return { found, scope: scopeOf(null), conditions: ['newNamespace'] };
      if (namespace.deletedAt !== null) return refuseDeleted(name);
      return { found, scope: scopeOf(namespace) };
    });
  },
  act(context, input, { found }) {
    return andThen(ensureNamespaces(context, found), (namespaces) => {
      if (namespaces instanceof Refusal) return namespaces;
      return andThen(decideLimits(context, [input], namespaces), resultOf);
    });
  },
});

function resultOf({ passed, limits }: LimitDecisions) {
  const [decision] = limits;
  if (decision === undefined) throw new Error('A limit was asked for and not decided.');
  return { data: { success: passed, ...numbersOf(decision) }, outcome: passed ? 'passed' : 'denied' };
}
