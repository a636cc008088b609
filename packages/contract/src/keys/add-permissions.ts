import Type from 'typebox';
import { allOf, anyOf } from '../access.ts';
import { largeBodyBytes, operation } from '../operation.ts';
import { creatingPermissions } from '../permissions/permission-access.ts';
import { keyId } from '../schemas/key.ts';
import { permission, permissionSlug } from '../schemas/permission.ts';
import { keyGrant, onApi } from './key-access.ts';

export const addPermissions = operation({
  id: 'keys.addPermissions',
  method: 'POST',
  maxBodyBytes: largeBodyBytes,
  mode: 'write',
  summary: 'Add permissions to a key',
  description: `Permissions that the key already has stay. Slugs that do not exist are created, which requires permission to create them.

Returns the key's direct permissions, not those of its roles.`,
  input: Type.Object(
    {
      keyId,
      permissions: Type.Array(permissionSlug, {
        minItems: 1,
        maxItems: 1000,
        description: 'Slugs of the permissions to add. Ids are not accepted.',
      }),
    },
    { additionalProperties: false },
  ),
  output: Type.Array(permission, {
    description: 'Direct permissions of the key: the earlier ones, then the new ones.',
  }),
  isPaged: false,
  access: [
    { requires: anyOf(allOf(onApi('update_key'), 'rbac.*.add_permission_to_key'), keyGrant('update_key')) },
    creatingPermissions,
  ],
  errors: ['unkey/data/key_not_found'],
  audit: ['permission.create', 'authorization.connect_permission_and_key'],
  hasCreditsAlias: false,
  idempotent: true,
  example: {
    request: { keyId: 'key_8fJ2mQw4Z', permissions: ['documents.read'] },
    response: [{ id: 'perm_7uJm4Kd1S', name: 'Read documents', slug: 'documents.read' }],
  },
});
