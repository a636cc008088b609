import Type from 'typebox';
import { anyOf } from '../access.ts';
import { operation } from '../operation.ts';
import { identityReference } from '../schemas/identity.ts';

export const deleteIdentity = operation({
  id: 'identities.deleteIdentity',
  method: 'POST',
  mode: 'write',
  summary: 'Delete an identity',
  description: `Its keys still work, without its metadata and its limits. The external id can be used for a new identity.

The permission is checked before the identity is looked up. The response has no \`data\`.`,
  input: Type.Object({ identity: identityReference }, { additionalProperties: false }),
  output: null,
  isPaged: false,
  access: [{ requires: anyOf('identity.*.delete_identity', 'projects/*/identities/*#delete_identity') }],
  errors: ['unkey/data/identity_not_found'],
  audit: ['identity.delete', 'ratelimit.delete'],
  hasCreditsAlias: false,
  idempotent: true,
  example: { request: { identity: 'user_42' }, response: null },
});
