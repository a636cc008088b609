import Type from 'typebox';
import { anyOf } from '../access.ts';
import { largeBodyBytes, operation } from '../operation.ts';
import { externalId } from '../schemas/identity.ts';
import { metadata } from '../schemas/metadata.ts';
import { ratelimitRequests } from '../schemas/ratelimit.ts';

export const createIdentity = operation({
  id: 'identities.createIdentity',
  method: 'POST',
  maxBodyBytes: largeBodyBytes,
  mode: 'write',
  summary: 'Create an identity',
  description: `An identity is one of your users, teams or organizations. Its keys share its metadata and its limits.

An external id is unique: one that is taken is refused with 409. The external id of a deleted identity can be used
again; the new identity does not get the keys of the old one.`,
  input: Type.Object({
    externalId,
    meta: Type.Optional(metadata),
    ratelimits: Type.Optional(ratelimitRequests),
  }),
  output: Type.Object({ identityId: Type.String({ description: 'Id of the new identity, `id_…`.' }) }),
  isPaged: false,
  access: [{ requires: anyOf('identity.*.create_identity', 'projects/*/identities/*#create_identity') }],
  errors: ['unkey/data/identity_already_exists'],
  audit: ['identity.create', 'ratelimit.create'],
  hasCreditsAlias: false,
  idempotent: 'with key',
  idempotency: 'durable',
  example: {
    request: {
      externalId: 'user_42',
      meta: { plan: 'pro' },
      ratelimits: [{ name: 'requests', limit: 100, duration: 60000, autoApply: true }],
    },
    response: { identityId: 'id_5tGh7Yb2N' },
  },
});
