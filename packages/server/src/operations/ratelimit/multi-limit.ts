import { operations } from '@unkey-ts/contract';
import { andThen } from '../../base/maybe-promise.ts';
import { handlerOf } from '../handler.ts';
import { Refusal } from '../refusal.ts';
import { decideLimits, type LimitDecision, type LimitDecisions, numbersOf } from './decide-limits.ts';
import { ensureNamespaces, findNamespaces, scopeOf } from './ensure-namespaces.ts';

export const multiLimit = handlerOf(operations['ratelimit.multiLimit'], {
  locate(context, items) {
    const names = items.map(({ namespace }) => namespace);
    return andThen(findNamespaces(context, names), (found) => {
      const namespaces = [...found.values()];
      return {
        found,
        scope: namespaces.map(scopeOf),
        conditions: namespaces.includes(null) ? ['newNamespace'] : [],
      };
    });
  },
  act(context, items, { found }) {
    return andThen(ensureNamespaces(context, found), (namespaces) => {
      if (namespaces instanceof Refusal) return namespaces;
      // Only ratelimit.limit reads `X-Unkey-Metrics: disabled`.
      return andThen(decideLimits({ ...context, isRecorded: true }, items, namespaces), resultOf);
    });
  },
});

function resultOf({ passed, limits }: LimitDecisions) {
  return { data: { passed, limits: limits.map(presentLimit) }, outcome: passed ? 'passed' : 'denied' };
}

function presentLimit(decision: LimitDecision) {
  const { namespace, identifier } = decision.input;
  return { namespace, identifier, passed: decision.result.passed, ...numbersOf(decision) };
}
