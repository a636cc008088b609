import Type from 'typebox';
import { allOf, anyOf } from '../access.ts';
import { largeBodyBytes, operation } from '../operation.ts';
import { creatingPermissions } from '../permissions/permission-access.ts';
import { itemsMax } from '../schemas/items-max.ts';
import { keyId } from '../schemas/key.ts';
import { permission, permissionSlug } from '../schemas/permission.ts';
import { keyGrant, onApi } from './key-access.ts';

export const setPermissions = operation({
  id: 'keys.setPermissions',
  method: 'POST',
  maxBodyBytes: largeBodyBytes,
  mode: 'write',
  summary: 'Set permissions of a key',
  description: `Replaces the key's direct permissions; an empty list removes all of them. Slugs that do not exist are created, which
requires permission to create them. Permissions of the key's roles stay.

Requires permission to add and to remove, whatever the change is.`,
  input: Type.Object(
    {
      keyId,
      permissions: Type.Array(permissionSlug, {
        maxItems: itemsMax,
        description: 'Slugs of all direct permissions of the key. Empty: none.',
      }),
    },
    { additionalProperties: false },
  ),
  output: Type.Array(permission, { description: 'Direct permissions of the key.' }),
  isPaged: false,
  access: [
    {
      requires: anyOf(
        allOf(onApi('update_key'), 'rbac.*.add_permission_to_key', 'rbac.*.remove_permission_from_key'),
        keyGrant('update_key'),
      ),
    },
    creatingPermissions,
  ],
  errors: ['unkey/data/key_not_found'],
  audit: [
    'authorization.disconnect_permission_and_key',
    'permission.create',
    'authorization.connect_permission_and_key',
  ],
  hasCreditsAlias: false,
  idempotent: true,
  example: {
    request: { keyId: 'key_8fJ2mQw4Z', permissions: ['documents.read'] },
    response: [{ id: 'perm_7uJm4Kd1S', name: 'Read documents', slug: 'documents.read' }],
  },
});
