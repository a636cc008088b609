import Type from 'typebox';
import { anyOf } from '../access.ts';
import { operation } from '../operation.ts';
import { identifier, namespace, ratelimitOverride } from '../schemas/ratelimit.ts';

export const getOverride = operation({
  id: 'ratelimit.getOverride',
  method: 'POST',
  mode: 'read',
  summary: 'Get the override that applies to an identifier',
  description: `Returns the override that a limit call for this identifier uses: the exact one, otherwise the best match with \`*\`.

If the root key lacks the permission, the response is 404, as for an override that does not exist.`,
  input: Type.Object({ namespace, identifier }, { additionalProperties: false }),
  output: ratelimitOverride,
  isPaged: false,
  access: [
    {
      requires: anyOf(
        'ratelimit.{namespaceId}.read_override',
        'ratelimit.*.read_override',
        'ratelimits/namespaces/{namespaceId}/overrides/{overrideId}#read_override',
      ),
      maskAs: 'unkey/data/ratelimit_override_not_found',
    },
  ],
  errors: ['unkey/data/ratelimit_namespace_not_found', 'unkey/data/ratelimit_override_not_found'],
  audit: [],
  hasCreditsAlias: false,
  idempotent: true,
  example: {
    request: { namespace: 'email.send', identifier: 'enterprise_7' },
    response: { overrideId: 'rlor_4rFv6Tg8B', identifier: 'enterprise_*', limit: 1000, duration: 60000 },
  },
});
