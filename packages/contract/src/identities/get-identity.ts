import Type from 'typebox';
import { anyOf } from '../access.ts';
import { operation } from '../operation.ts';
import { identity, identityReference } from '../schemas/identity.ts';

export const getIdentity = operation({
  id: 'identities.getIdentity',
  method: 'POST',
  mode: 'read',
  summary: 'Get an identity',
  description: `Finds the identity by its id or by your external id. A permission for a single identity names its id, not its
external id.`,
  input: Type.Object({ identity: identityReference }, { additionalProperties: false }),
  output: identity,
  isPaged: false,
  access: [
    {
      requires: anyOf(
        'identity.*.read_identity',
        'identity.{identityId}.read_identity',
        'projects/*/identities/*#read_identity',
      ),
    },
  ],
  errors: ['unkey/data/identity_not_found'],
  audit: [],
  hasCreditsAlias: false,
  idempotent: true,
  example: {
    request: { identity: 'user_42' },
    response: {
      id: 'id_5tGh7Yb2N',
      externalId: 'user_42',
      meta: { plan: 'pro' },
      ratelimits: [{ id: 'rl_2wEr5Ty8U', name: 'requests', limit: 100, duration: 60000, autoApply: true }],
    },
  },
});
