import Type from 'typebox';
import { anyOf } from '../access.ts';
import { operation } from '../operation.ts';
import { wholeNumber } from '../schemas/integer.ts';
import { namespace, overrideId, overridePattern } from '../schemas/ratelimit.ts';

export const setOverride = operation({
  id: 'ratelimit.setOverride',
  method: 'POST',
  mode: 'write',
  summary: 'Set an override',
  description: `Replaces limit and duration of calls for the identifier, from the next call on. An override that exists for this
identifier is changed and keeps its id.

An identifier without \`*\` matches only itself; with \`*\` it is a pattern. If several overrides match, the exact one
wins, then the one with the most characters besides \`*\`, then the oldest. The namespace must exist.`,
  input: Type.Object(
    {
      namespace,
      duration: wholeNumber({ minimum: 1000, description: 'Length of the window in milliseconds.' }),
      identifier: overridePattern,
      limit: wholeNumber({
        minimum: 0,
        description: 'Total cost allowed within one window; 0 denies everything.',
      }),
    },
    { additionalProperties: false },
  ),
  output: Type.Object({ overrideId }),
  isPaged: false,
  access: [{ requires: anyOf('ratelimit.{namespaceId}.set_override', 'ratelimit.*.set_override') }],
  errors: ['unkey/data/ratelimit_namespace_not_found'],
  audit: ['ratelimit.set_override'],
  hasCreditsAlias: false,
  idempotent: true,
  example: {
    request: { namespace: 'email.send', identifier: 'enterprise_*', limit: 1000, duration: 60000 },
    response: { overrideId: 'rlor_4rFv6Tg8B' },
  },
});
