import Type from 'typebox';
import { anyOf } from '../access.ts';
import { largeBodyBytes, operation } from '../operation.ts';
import { identity, identityReference } from '../schemas/identity.ts';
import { metadata } from '../schemas/metadata.ts';
import { ratelimitRequest } from '../schemas/ratelimit.ts';

export const updateIdentity = operation({
  id: 'identities.updateIdentity',
  method: 'POST',
  maxBodyBytes: largeBodyBytes,
  mode: 'write',
  summary: 'Update an identity',
  description: `A property that is left out stays. \`meta\` is replaced as a whole. \`ratelimits\` are replaced by name: a limit that
keeps its name keeps its id, limits that are not listed are deleted, and an empty list deletes all of them.

The permission is checked before the identity is looked up.`,
  input: Type.Object(
    {
      identity: identityReference,
      meta: Type.Optional(metadata),
      ratelimits: Type.Optional(
        Type.Array(ratelimitRequest, {
          maxItems: 50,
          description: 'All limits of the identity, each name once. Empty: none.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  output: identity,
  isPaged: false,
  access: [{ requires: anyOf('identity.*.update_identity', 'projects/*/identities/*#update_identity') }],
  errors: ['unkey/data/identity_not_found'],
  audit: ['identity.update', 'ratelimit.create', 'ratelimit.update', 'ratelimit.delete'],
  hasCreditsAlias: false,
  idempotent: true,
  example: {
    request: {
      identity: 'user_42',
      meta: { plan: 'enterprise' },
      ratelimits: [{ name: 'requests', limit: 500, duration: 60000, autoApply: true }],
    },
    response: {
      id: 'id_5tGh7Yb2N',
      externalId: 'user_42',
      meta: { plan: 'enterprise' },
      ratelimits: [{ id: 'rl_2wEr5Ty8U', name: 'requests', limit: 500, duration: 60000, autoApply: true }],
    },
  },
});
