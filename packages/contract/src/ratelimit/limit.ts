import Type from 'typebox';
import { anyOf } from '../access.ts';
import { operation } from '../operation.ts';
import { wholeNumber, wholeNumberOut } from '../schemas/integer.ts';
import { identifier, namespace } from '../schemas/ratelimit.ts';

/** One thing to count: also an item of `ratelimit.multiLimit`. */
export const limitBody = Type.Object(
  {
    namespace,
    cost: Type.Optional(
      wholeNumber({
        minimum: 0,
        default: 1,
        description: 'How much this call takes. 0 looks without taking. Default 1.',
      }),
    ),
    duration: wholeNumber({
      minimum: 1000,
      maximum: 2_592_000_000,
      description: 'Length of the window in milliseconds, at most 30 days.',
    }),
    identifier,
    limit: wholeNumber({ minimum: 1, description: 'What may be taken within one window.' }),
  },
  { title: 'V2RatelimitLimitRequestBody', additionalProperties: false },
);

export const limit = operation({
  id: 'ratelimit.limit',
  method: 'POST',
  mode: 'spend',
  summary: 'Count against a limit, and say whether it holds',
  description: `Answers 200 in both cases: look at \`success\`. A call that is denied takes nothing.

Windows slide: what was taken in the window before counts in proportion to how much of it still lies within the last
\`duration\`. Changing \`limit\` keeps the count, changing \`duration\` starts another one. An override for the identifier
replaces both.

A namespace that does not exist is made, which needs the right to make namespaces. A deleted one is refused with 410.`,
  input: limitBody,
  output: Type.Object({
    limit: wholeNumberOut({
      description: 'The limit that was applied, that of the override if there is one.',
    }),
    remaining: wholeNumberOut({ description: 'What may still be taken in this window; 0 when denied.' }),
    reset: wholeNumberOut({ description: 'When the window ends: Unix time in milliseconds.' }),
    success: Type.Boolean({ description: 'Whether the call stays within the limit.' }),
    overrideId: Type.Optional(
      Type.String({ description: 'Id of the override that was applied, `rlor_…`. Absent: none.' }),
    ),
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
