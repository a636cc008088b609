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
  description: `The next limit call uses its own limit again. The identifier is compared as it was set, \`*\` included: it stands
for itself here.`,
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
