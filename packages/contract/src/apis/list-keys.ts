import Type from 'typebox';
import { allOf, anyOf } from '../access.ts';
import { onApi } from '../keys/key-access.ts';
import { operation } from '../operation.ts';
import { key } from '../schemas/key.ts';
import { cursor, pageLimit } from '../schemas/page.ts';

export const listKeys = operation({
  id: 'apis.listKeys',
  method: 'POST',
  mode: 'read',
  summary: 'List the keys of an API',
  description: `Lists active, disabled and expired keys, but no deleted ones.

Requires permission to read the API and to read its keys; without one of them the response is 404, as for an API that
does not exist. \`decrypt\` also requires permission to decrypt, and the response is 412 if the API does not store
recoverable keys. A key whose stored secret is damaged has no \`plaintext\`; \`keys.getKey\` says so.`,
  input: Type.Object(
    {
      apiId: Type.String({ minLength: 1, description: 'Id of the API, `api_…`.' }),
      limit: Type.Optional(pageLimit(100)),
      cursor: Type.Optional(cursor),
      externalId: Type.Optional(
        Type.String({ minLength: 1, description: 'Only keys of the identity with this external id.' }),
      ),
      decrypt: Type.Optional(
        Type.Boolean({
          default: false,
          description: 'Whether to return recoverable keys in full. Default false.',
        }),
      ),
      revalidateKeysCache: Type.Optional(
        Type.Boolean({
          default: false,
          description: 'Accepted, but has no effect: responses are never stale.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  output: Type.Array(key, { maxItems: 100, description: 'The keys of this page.' }),
  isPaged: true,
  access: [
    {
      requires: anyOf(
        allOf(onApi('read_key'), onApi('read_api')),
        allOf('keyspaces/{keyspaceId}/keys/*#read_key', 'keyspaces/{keyspaceId}#read_keyspace'),
      ),
      maskAs: 'unkey/data/api_not_found',
    },
    {
      when: 'decrypt',
      requires: anyOf(
        'api.*.decrypt_key',
        'api.{apiId}.decrypt_key',
        'keyspaces/{keyspaceId}/keys/*#decrypt_key',
      ),
    },
  ],
  errors: ['unkey/data/api_not_found', 'unkey/application/precondition_failed'],
  audit: [],
  hasCreditsAlias: true,
  idempotent: true,
  example: {
    request: { apiId: 'api_Xy3kQ9v1p', externalId: 'user_42', limit: 20 },
    response: [
      {
        keyId: 'key_8fJ2mQw4Z',
        start: 'demo_3Zx9',
        enabled: true,
        name: 'Laptop',
        createdAt: 1767225600000,
        credits: { remaining: 950, refill: { interval: 'daily', amount: 1000 } },
        identity: { id: 'id_5tGh7Yb2N', externalId: 'user_42' },
      },
    ],
  },
});
