import Type from 'typebox';
import { allOf, anyOf } from '../access.ts';
import { largeBodyBytes, operation } from '../operation.ts';
import { keyId } from '../schemas/key.ts';
import { permission, permissionSlug } from '../schemas/permission.ts';
import { keyGrant, onApi } from './key-access.ts';

export const removePermissions = operation({
  id: 'keys.removePermissions',
  method: 'POST',
  maxBodyBytes: largeBodyBytes,
  mode: 'write',
  summary: 'Remove permissions from a key',
  description: `A permission that the key does not have is ignored. If one does not exist in the workspace, the response is 404 and
nothing is removed. Permissions of the key's roles stay.

Returns the key's remaining direct permissions.`,
  input: Type.Object(
    {
      keyId,
      permissions: Type.Array(permissionSlug, {
        minItems: 1,
        maxItems: 1000,
        description: 'Slugs of the permissions to remove. Ids are not accepted.',
      }),
    },
    { additionalProperties: false },
  ),
  output: Type.Array(permission, { description: 'Remaining direct permissions of the key.' }),
  isPaged: false,
  access: [
    {
      requires: anyOf(
        allOf(onApi('update_key'), 'rbac.*.remove_permission_from_key'),
        keyGrant('update_key'),
      ),
    },
  ],
  errors: ['unkey/data/key_not_found', 'unkey/data/permission_not_found'],
  audit: ['authorization.disconnect_permission_and_key'],
  hasCreditsAlias: false,
  idempotent: true,
  example: {
    request: { keyId: 'key_8fJ2mQw4Z', permissions: ['documents.write'] },
    response: [{ id: 'perm_7uJm4Kd1S', name: 'Read documents', slug: 'documents.read' }],
  },
});
