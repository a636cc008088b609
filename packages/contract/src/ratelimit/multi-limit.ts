import Type from 'typebox';
import { anyOf } from '../access.ts';
import { operation } from '../operation.ts';
import { wholeNumberOut } from '../schemas/integer.ts';
import { limitBody } from './limit.ts';

const check = Type.Object(
  {
    namespace: Type.String({ description: 'The namespace as it was sent.' }),
    identifier: Type.String({ description: 'The identifier as it was sent.' }),
    limit: wholeNumberOut({
      description: 'The limit that was applied, that of the override if there is one.',
    }),
    remaining: wholeNumberOut({ description: 'What may still be taken in this window; 0 when denied.' }),
    reset: wholeNumberOut({ description: 'When the window ends: Unix time in milliseconds.' }),
    passed: Type.Boolean({ description: 'Whether this limit alone would have let the call through.' }),
    overrideId: Type.Optional(
      Type.String({ description: 'Id of the override that was applied, `rlor_…`. Absent: none.' }),
    ),
  },
  { title: 'V2RatelimitMultiLimitCheck', description: 'What became of one of the limits.' },
);

export const multiLimit = operation({
  id: 'ratelimit.multiLimit',
  method: 'POST',
  mode: 'spend',
  summary: 'Count against several limits, all or nothing',
  description: `Takes from every limit, or from none if one of them denies. Answers 200 in both cases: look at \`passed\`.

Each item is what \`ratelimit.limit\` takes. Two items that count the same thing add up, in order.`,
  input: Type.Array(limitBody, { minItems: 1, maxItems: 100, description: 'The limits to count against.' }),
  output: Type.Object({
    passed: Type.Boolean({ description: 'Whether every limit let the call through.' }),
    limits: Type.Array(check, { description: 'What became of each limit, in the order of the request.' }),
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
    request: [
      { namespace: 'email.send', identifier: 'user_42', limit: 10, duration: 60000 },
      { namespace: 'email.bytes', identifier: 'user_42', limit: 1000000, duration: 86400000, cost: 2048 },
    ],
    response: {
      passed: true,
      limits: [
        {
          namespace: 'email.send',
          identifier: 'user_42',
          limit: 10,
          remaining: 9,
          reset: 1767225660000,
          passed: true,
        },
        {
          namespace: 'email.bytes',
          identifier: 'user_42',
          limit: 1000000,
          remaining: 997952,
          reset: 1767312000000,
          passed: true,
        },
      ],
    },
  },
});
