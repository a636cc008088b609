import Type from 'typebox';
import { allOf, anyOf } from '../access.ts';
import { largeBodyBytes, operation } from '../operation.ts';
import { keyId } from '../schemas/key.ts';
import { role, roleName } from '../schemas/role.ts';
import { keyGrant, onApi } from './key-access.ts';

export const addRoles = operation({
  id: 'keys.addRoles',
  method: 'POST',
  maxBodyBytes: largeBodyBytes,
  mode: 'write',
  summary: 'Add roles to a key',
  description: `Roles that the key already has stay. Roles are never created implicitly: if one does not exist, the response is 404 and
nothing is added.`,
  input: Type.Object(
    {
      keyId,
      roles: Type.Array(roleName, {
        minItems: 1,
        maxItems: 100,
        description: 'Names of the roles to add. Ids are not accepted.',
      }),
    },
    { additionalProperties: false },
  ),
  output: Type.Array(role, { description: 'Roles of the key: the earlier ones, then the new ones.' }),
  isPaged: false,
  access: [{ requires: anyOf(allOf(onApi('update_key'), 'rbac.*.add_role_to_key'), keyGrant('update_key')) }],
  errors: ['unkey/data/key_not_found', 'unkey/data/role_not_found'],
  audit: ['authorization.connect_role_and_key'],
  hasCreditsAlias: false,
  idempotent: true,
  example: {
    request: { keyId: 'key_8fJ2mQw4Z', roles: ['Editor'] },
    response: [{ id: 'role_9iOp3Lk6J', name: 'Editor' }],
  },
});
