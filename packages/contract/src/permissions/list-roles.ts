import Type from 'typebox';
import { operation } from '../operation.ts';
import { boundedCursor, pageLimit, search } from '../schemas/page.ts';
import { role } from '../schemas/role.ts';

export const listRoles = operation({
  id: 'permissions.listRoles',
  method: 'POST',
  mode: 'read',
  summary: 'List roles and their permissions',
  description: 'Lists the roles of the workspace, each with its permissions.',
  input: Type.Object(
    {
      limit: Type.Optional(pageLimit(100)),
      cursor: Type.Optional(boundedCursor),
      search: Type.Optional(search('id, name or description')),
    },
    { additionalProperties: false },
  ),
  output: Type.Array(role, { maxItems: 1000, description: 'The roles of this page.' }),
  isPaged: true,
  access: [{ requires: 'rbac.*.read_role' }],
  errors: [],
  audit: [],
  hasCreditsAlias: false,
  idempotent: true,
  example: {
    request: { limit: 50 },
    response: [{ id: 'role_9iOp3Lk6J', name: 'Editor', description: 'Writes documents' }],
  },
});
