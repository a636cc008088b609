import Type from 'typebox';
import { operation } from '../operation.ts';
import { permission, permissionReference } from '../schemas/permission.ts';

export const getPermission = operation({
  id: 'permissions.getPermission',
  method: 'POST',
  mode: 'read',
  summary: 'Get a permission',
  description: 'Finds the permission by its id or by its slug, regardless of case.',
  input: Type.Object({ permission: permissionReference }, { additionalProperties: false }),
  output: permission,
  isPaged: false,
  access: [{ requires: 'rbac.*.read_permission' }],
  errors: ['unkey/data/permission_not_found'],
  audit: [],
  hasCreditsAlias: false,
  idempotent: true,
  example: {
    request: { permission: 'documents.read' },
    response: { id: 'perm_7uJm4Kd1S', name: 'Read documents', slug: 'documents.read' },
  },
});
