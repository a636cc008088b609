import Type from 'typebox';
import { allOf } from '../access.ts';
import { largeBodyBytes, operation } from '../operation.ts';
import { itemsMax } from '../schemas/items-max.ts';
import { resourceIdAlphabet } from '../schemas/pattern.ts';
import { permission, permissionSlug } from '../schemas/permission.ts';
import { creatingPermissions } from './permission-access.ts';

export const setRolePermissions = operation({
  id: 'permissions.setRolePermissions',
  method: 'POST',
  maxBodyBytes: largeBodyBytes,
  mode: 'write',
  summary: 'Set permissions of a role',
  description: `Replaces the permissions of the role; an empty list removes all of them. Slugs that do not exist are created, which
requires permission to create them. The change applies to every key with the role at once.

Requires permission to add and to remove, whatever the change is.`,
  input: Type.Object(
    {
      roleId: Type.String({
        minLength: 3,
        maxLength: 255,
        pattern: resourceIdAlphabet.pattern,
        description: 'Id of the role, `role_…`; its name is not accepted.',
      }),
      permissions: Type.Array(permissionSlug, {
        maxItems: itemsMax,
        description: 'Slugs of all permissions of the role. Empty: none.',
      }),
    },
    { additionalProperties: false },
  ),
  output: Type.Array(permission, { description: 'Permissions of the role, sorted by slug.' }),
  isPaged: false,
  access: [
    { requires: allOf('rbac.*.add_permission_to_role', 'rbac.*.remove_permission_from_role') },
    creatingPermissions,
  ],
  errors: ['unkey/data/role_not_found'],
  audit: [
    'permission.create',
    'authorization.disconnect_role_and_permissions',
    'authorization.connect_role_and_permission',
  ],
  hasCreditsAlias: false,
  idempotent: true,
  example: {
    request: { roleId: 'role_9iOp3Lk6J', permissions: ['documents.read'] },
    response: [{ id: 'perm_7uJm4Kd1S', name: 'Read documents', slug: 'documents.read' }],
  },
});
