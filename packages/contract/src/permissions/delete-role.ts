import Type from 'typebox';
import { operation } from '../operation.ts';
import { empty } from '../schemas/empty.ts';
import { roleReference } from '../schemas/role.ts';

export const deleteRole = operation({
  id: 'permissions.deleteRole',
  method: 'POST',
  mode: 'write',
  summary: 'Delete a role',
  description: `Removes the role from all keys at once. Its permissions stay in the workspace. This cannot be undone.`,
  input: Type.Object({ role: roleReference }, { additionalProperties: false }),
  output: empty,
  isPaged: false,
  access: [{ requires: 'rbac.*.delete_role' }],
  errors: ['unkey/data/role_not_found'],
  audit: ['role.delete'],
  hasCreditsAlias: false,
  idempotent: true,
  example: { request: { role: 'Editor' }, response: {} },
});
