import Type from 'typebox';
import { metadataOut } from './metadata.ts';
import { externalIdAlphabet } from './pattern.ts';
import { ratelimit } from './ratelimit.ts';

/** Names an identity: its id or its external id. */
export const identityReference = Type.String({
  minLength: 1,
  description:
    'Which identity: its id, `id_…`, or its `externalId`. Should both fit different ones, the id wins.',
});

export const externalId = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: externalIdAlphabet.pattern,
  description: 'Your own id of the user, team or organisation. Upper and lower case differ.',
});

/** One of the customer's own users, teams or organisations, to which keys belong. */
export const identity = Type.Object(
  {
    id: Type.String({ description: 'Id of the identity, `id_…`.' }),
    externalId: Type.String({ description: 'Your own id of it.' }),
    meta: Type.Optional(metadataOut),
    ratelimits: Type.Optional(
      Type.Array(ratelimit, {
        description: 'Limits that all keys of the identity share. Absent when there are none.',
      }),
    ),
  },
  {
    title: 'Identity',
    description: 'One of your users, teams or organisations: its keys share data and limits.',
  },
);
