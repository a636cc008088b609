import Type from 'typebox';
import { anyOf } from '../access.ts';
import { operation } from '../operation.ts';
import { cursor, pageLimit } from '../schemas/page.ts';
import { namespace, ratelimitOverride } from '../schemas/ratelimit.ts';

export const listOverrides = operation({
  id: 'ratelimit.listOverrides',
  method: 'POST',
  mode: 'read',
  summary: 'List the overrides of a namespace',
  description: 'Lists the overrides of the namespace, ten to a page by default.',
  input: Type.Object(
    { namespace, cursor: Type.Optional(cursor), limit: Type.Optional(pageLimit(10)) },
    { additionalProperties: false },
  ),
  output: Type.Array(ratelimitOverride, { description: 'The overrides of this page.' }),
  isPaged: true,
  access: [{ requires: anyOf('ratelimit.{namespaceId}.read_override', 'ratelimit.*.read_override') }],
  errors: ['unkey/data/ratelimit_namespace_not_found'],
  audit: [],
  hasCreditsAlias: false,
  idempotent: true,
  example: {
    request: { namespace: 'email.send' },
    response: [{ overrideId: 'rlor_4rFv6Tg8B', identifier: 'enterprise_*', limit: 1000, duration: 60000 }],
  },
});
