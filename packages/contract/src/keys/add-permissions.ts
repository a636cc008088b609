import Type from 'typebox';
import { allOf, anyOf } from '../access.ts';
import { operation } from '../operation.ts';
import { creatingPermissions } from '../permissions/permission-access.ts';
import { keyId } from '../schemas/key.ts';
import { permission, permissionSlug } from '../schemas/permission.ts';
import { keyGrant, onApi } from './key-access.ts';

export const addPermissions = operation({
  id: 'keys.addPermissions',
  method: 'POST',
  mode: 'write',
  summary: 'Give a key more permissions',
  description: `What the key holds already stays. Slugs that do not exist are made, which needs the right to make permissions.

Answers with the permissions that the key holds by itself, not those of its roles.`,
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
  output: Type.Array(permission, { description: 'What the key holds now: as before, then the new ones.' }),
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
