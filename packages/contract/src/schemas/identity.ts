import Type from 'typebox';
import { metadataOut } from './metadata.ts';
import { externalIdAlphabet } from './pattern.ts';
import { ratelimit } from './ratelimit.ts';

/** Reference to an identity: its id or its external id. */
export const identityReference = Type.String({
  minLength: 1,
  description: 'Id of the identity, `id_…`, or its `externalId`. If both match, the id wins.',
});

export const externalId = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: externalIdAlphabet.pattern,
  description: 'Your own id of the user, team or organization. Case-sensitive.',
});

/** One of the customer's own users, teams or organizations, which own keys. */
export const identity = Type.Object(
  {
    id: Type.String({ description: 'Id of the identity, `id_…`.' }),
    externalId: Type.String({ description: 'Your own id of the identity.' }),
    meta: Type.Optional(metadataOut),
    ratelimits: Type.Optional(
      Type.Array(ratelimit, {
        description: 'Limits that all keys of the identity share. Absent: none.',
      }),
    ),
  },
  {
    title: 'Identity',
    description: 'One of your users, teams or organizations. Its keys share metadata and limits.',
  },
);
