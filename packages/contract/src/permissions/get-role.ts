import Type from 'typebox';
import { operation } from '../operation.ts';
import { role, roleReference } from '../schemas/role.ts';

export const getRole = operation({
  id: 'permissions.getRole',
  method: 'POST',
  mode: 'read',
  summary: 'Get a role and its permissions',
  description: 'Finds the role by its id or by its name, regardless of case.',
  input: Type.Object({ role: roleReference }, { additionalProperties: false }),
  output: role,
  isPaged: false,
  access: [{ requires: 'rbac.*.read_role' }],
  errors: ['unkey/data/role_not_found'],
  audit: [],
  hasCreditsAlias: false,
  idempotent: true,
  example: {
    request: { role: 'Editor' },
    response: {
      id: 'role_9iOp3Lk6J',
      name: 'Editor',
      permissions: [{ id: 'perm_7uJm4Kd1S', name: 'Read documents', slug: 'documents.read' }],
    },
  },
});
