import Type from 'typebox';
import { anyOf } from '../access.ts';
import { operation } from '../operation.ts';
import { empty } from '../schemas/empty.ts';
import { namespace, overridePattern } from '../schemas/ratelimit.ts';

export const deleteOverride = operation({
  id: 'ratelimit.deleteOverride',
  method: 'POST',
  mode: 'write',
  summary: 'Delete an override',
  description: `Limit calls use their own limit again. The identifier must be exactly the one that was set; \`*\` is not a wildcard here.`,
  input: Type.Object({ namespace, identifier: overridePattern }, { additionalProperties: false }),
  output: empty,
  isPaged: false,
  access: [{ requires: anyOf('ratelimit.{namespaceId}.delete_override', 'ratelimit.*.delete_override') }],
  errors: ['unkey/data/ratelimit_namespace_not_found', 'unkey/data/ratelimit_override_not_found'],
  audit: ['ratelimit.delete_override'],
  hasCreditsAlias: false,
  idempotent: true,
  example: { request: { namespace: 'email.send', identifier: 'enterprise_*' }, response: {} },
});
