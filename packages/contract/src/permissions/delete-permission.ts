import Type from 'typebox';
import { operation } from '../operation.ts';
import { empty } from '../schemas/empty.ts';
import { permissionReference } from '../schemas/permission.ts';

export const deletePermission = operation({
  id: 'permissions.deletePermission',
  method: 'POST',
  mode: 'write',
  summary: 'Delete a permission',
  description: 'Removes the permission from all keys and roles at once. This cannot be undone.',
  input: Type.Object({ permission: permissionReference }, { additionalProperties: false }),
  output: empty,
  isPaged: false,
  access: [{ requires: 'rbac.*.delete_permission' }],
  errors: ['unkey/data/permission_not_found'],
  audit: ['permission.delete'],
  hasCreditsAlias: false,
  idempotent: true,
  example: { request: { permission: 'documents.read' }, response: {} },
});
