import { operations } from '@unkey-ts/contract';
import { findOverride, prepareOverrides } from '../../domain/ratelimit/overrides.ts';
import { handlerOf } from '../handler.ts';
import { Refusal, refuseAbsent } from '../refusal.ts';
import { locateNamespace } from './locate-namespace.ts';
import { presentOverride } from './present-override.ts';

export const getOverride = handlerOf(operations['ratelimit.getOverride'], {
  async locate(context, input) {
    const located = await locateNamespace(context, input);
    if (located instanceof Refusal) return located;
    const override = findOverride(prepareOverrides(located.namespace.overrides), input.identifier);
    if (override === undefined) return refuseAbsent('unkey/data/ratelimit_override_not_found');
    return { scope: { ...located.scope, overrideId: override.id }, override };
  },
  act: (_context, _input, { override }) => ({ data: presentOverride(override) }),
});
