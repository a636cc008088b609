import Type from 'typebox';
import { operation } from '../operation.ts';
import { boundedCursor, pageLimit, search } from '../schemas/page.ts';
import { permission } from '../schemas/permission.ts';

export const listPermissions = operation({
  id: 'permissions.listPermissions',
  method: 'POST',
  mode: 'read',
  summary: 'List permissions',
  description: 'Lists the permissions of the workspace, including those that other operations created.',
  input: Type.Object(
    {
      cursor: Type.Optional(boundedCursor),
      limit: Type.Optional(pageLimit(100)),
      search: Type.Optional(search('id, name, slug or description')),
    },
    { additionalProperties: false },
  ),
  output: Type.Array(permission, { maxItems: 1000, description: 'The permissions of this page.' }),
  isPaged: true,
  access: [{ requires: 'rbac.*.read_permission' }],
  errors: [],
  audit: [],
  hasCreditsAlias: false,
  idempotent: true,
  example: {
    request: { limit: 50, search: 'documents' },
    response: [{ id: 'perm_7uJm4Kd1S', name: 'Read documents', slug: 'documents.read' }],
  },
});
