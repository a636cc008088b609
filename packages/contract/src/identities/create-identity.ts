import Type from 'typebox';
import { anyOf } from '../access.ts';
import { operation } from '../operation.ts';
import { externalId } from '../schemas/identity.ts';
import { metadata } from '../schemas/metadata.ts';
import { ratelimitRequests } from '../schemas/ratelimit.ts';

export const createIdentity = operation({
  id: 'identities.createIdentity',
  method: 'POST',
  mode: 'write',
  summary: 'Make an identity',
  description: `An identity is one of your users, teams or organisations. Its keys share its data and its limits.

An external id is taken once: the second time is refused with 409. One that belonged to a deleted identity is free
again, and the new identity does not inherit the old one's keys.`,
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
