import Type from 'typebox';
import { operation } from '../operation.ts';
import { itemsMax } from '../schemas/items-max.ts';
import { idAlphabet } from '../schemas/pattern.ts';
import { permissionSlug } from '../schemas/permission.ts';
import { roleName } from '../schemas/role.ts';
import { creatingPermissions } from './permission-access.ts';

export const createRole = operation({
  id: 'permissions.createRole',
  method: 'POST',
  mode: 'write',
  summary: 'Create a role',
  description: `A role is a named set of permissions that many keys can have. A name is unique, regardless of case: one that is taken is
refused with 409.

\`permissions\` requires permission to add permissions to roles; slugs that do not exist are created, which requires
permission to create them.`,
  input: Type.Object(
    {
      name: roleName,
      description: Type.Optional(
        Type.String({ maxLength: 512, description: 'Description of the role. Empty: none.' }),
      ),
      permissions: Type.Optional(
        Type.Array(permissionSlug, {
          maxItems: itemsMax,
          description: 'Slugs of the permissions of the role.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  output: Type.Object(
    {
      roleId: Type.String({
        minLength: 3,
        maxLength: 255,
        pattern: idAlphabet.pattern,
        description: 'Id of the new role, `role_…`.',
      }),
    },
    { additionalProperties: false },
  ),
  isPaged: false,
  access: [
    { requires: 'rbac.*.create_role' },
    { when: 'attachPermission', requires: 'rbac.*.add_permission_to_role' },
    creatingPermissions,
  ],
  errors: ['unkey/data/role_already_exists'],
  audit: ['role.create', 'permission.create', 'authorization.connect_role_and_permission'],
  hasCreditsAlias: false,
  idempotent: 'with key',
  idempotency: 'durable',
  example: {
    request: {
      name: 'Editor',
      description: 'Writes documents',
      permissions: ['documents.read', 'documents.write'],
    },
    response: { roleId: 'role_9iOp3Lk6J' },
  },
});
