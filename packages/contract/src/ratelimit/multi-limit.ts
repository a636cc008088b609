import Type from 'typebox';
import { anyOf } from '../access.ts';
import { operation } from '../operation.ts';
import { limitResult } from '../schemas/ratelimit.ts';
import { limitBody } from './limit.ts';

const check = Type.Object(
  {
    namespace: Type.String({ description: 'The namespace as it was sent.' }),
    identifier: Type.String({ description: 'The identifier as it was sent.' }),
    ...limitResult,
    passed: Type.Boolean({ description: 'Whether this limit alone allows the call.' }),
  },
  { title: 'V2RatelimitMultiLimitCheck', description: 'Result of one limit.' },
);

export const multiLimit = operation({
  id: 'ratelimit.multiLimit',
  method: 'POST',
  mode: 'spend',
  summary: 'Check several rate limits, all or none',
  description: `Counts against every limit, or against none if one of them denies. The status is 200 in both cases: check \`passed\`.

Each item is a request of \`ratelimit.limit\`. Items with the same namespace and identifier add up, in order.`,
  input: Type.Array(limitBody, { minItems: 1, maxItems: 100, description: 'The limits to check.' }),
  output: Type.Object({
    passed: Type.Boolean({ description: 'Whether every limit allows the call.' }),
    limits: Type.Array(check, { description: 'Result of each limit, in the order of the request.' }),
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
