import Type from 'typebox';
import { anyOf } from '../access.ts';
import { operation } from '../operation.ts';
import { identity } from '../schemas/identity.ts';
import { cursor, pageLimit, search } from '../schemas/page.ts';

export const listIdentities = operation({
  id: 'identities.listIdentities',
  method: 'POST',
  mode: 'read',
  summary: 'List identities',
  description: `The permission is checked for every identity of the page: if one may not be read, the whole call is refused. An empty
page requires no permission.`,
  input: Type.Object(
    {
      limit: Type.Optional(pageLimit(100)),
      cursor: Type.Optional(cursor),
      search: Type.Optional(search('id or external id')),
    },
    { additionalProperties: false },
  ),
  output: Type.Array(identity, { description: 'The identities of this page.' }),
  isPaged: true,
  access: [
    {
      requires: anyOf(
        'identity.*.read_identity',
        'identity.{identityId}.read_identity',
        'projects/*/identities/*#read_identity',
      ),
    },
  ],
  errors: [],
  audit: [],
  hasCreditsAlias: false,
  idempotent: true,
  example: {
    request: { limit: 50, search: 'user_' },
    response: [{ id: 'id_5tGh7Yb2N', externalId: 'user_42', meta: { plan: 'pro' } }],
  },
});
