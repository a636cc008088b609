import Type from 'typebox';
import { anyOf } from '../access.ts';
import { operation } from '../operation.ts';
import { wholeNumber } from '../schemas/integer.ts';
import { identifier, limitResult, namespace } from '../schemas/ratelimit.ts';

/** A limit to check; also an item of `ratelimit.multiLimit`. */
export const limitBody = Type.Object(
  {
    namespace,
    cost: Type.Optional(
      wholeNumber({
        minimum: 0,
        default: 1,
        description: 'Cost of this call. 0 checks without counting. Default 1.',
      }),
    ),
    duration: wholeNumber({
      minimum: 1000,
      maximum: 2_592_000_000,
      description: 'Length of the window in milliseconds, at most 30 days.',
    }),
    identifier,
    limit: wholeNumber({ minimum: 1, description: 'Total cost allowed within one window.' }),
  },
  { title: 'V2RatelimitLimitRequestBody', additionalProperties: false },
);

export const limit = operation({
  id: 'ratelimit.limit',
  method: 'POST',
  mode: 'spend',
  summary: 'Check a rate limit',
  description: `The status is 200 whether or not the call is allowed: check \`success\`. A denied call counts nothing.

Windows slide: the cost of the previous window counts in proportion to how much of that window lies within the last
\`duration\`. A change of \`limit\` keeps the count, a change of \`duration\` starts a new one. An override for the
identifier replaces both.

A namespace that does not exist is created, which requires permission to create namespaces. A deleted one is refused
with 410.`,
  input: limitBody,
  output: Type.Object({
    ...limitResult,
    success: Type.Boolean({ description: 'Whether the call is within the limit.' }),
  }),
  isPaged: false,
  access: [
    { when: 'newNamespace', requires: 'ratelimit.*.create_namespace' },
    { requires: anyOf('ratelimit.{namespaceId}.limit', 'ratelimit.*.limit') },
  ],
  errors: ['unkey/data/ratelimit_namespace_gone'],
  audit: ['ratelimitNamespace.create'],
  hasCreditsAlias: false,
  idempotent: 'with key',
  idempotency: 'cached',
  example: {
    request: { namespace: 'email.send', identifier: 'user_42', limit: 10, duration: 60000 },
    response: { success: true, limit: 10, remaining: 9, reset: 1767225660000 },
  },
});
