import Type from 'typebox';
import { operation } from '../operation.ts';
import { permissionId, permissionSlug } from '../schemas/permission.ts';

export const createPermission = operation({
  id: 'permissions.createPermission',
  method: 'POST',
  mode: 'write',
  summary: 'Create a permission',
  description: `Keys and roles have permissions; verifications ask for them by slug. A slug is unique, regardless of case: one that is
taken is refused with 409.`,
  input: Type.Object(
    {
      name: Type.String({ minLength: 1, maxLength: 512, description: 'Display name of the permission.' }),
      slug: permissionSlug,
      description: Type.Optional(
        Type.String({ maxLength: 512, description: 'What the permission allows. Empty: none.' }),
      ),
    },
    { additionalProperties: false },
  ),
  output: Type.Object({ permissionId }, { additionalProperties: false }),
  isPaged: false,
  access: [{ requires: 'rbac.*.create_permission' }],
  errors: ['unkey/data/permission_already_exists'],
  audit: ['permission.create'],
  hasCreditsAlias: false,
  idempotent: 'with key',
  idempotency: 'durable',
  example: {
    request: { name: 'Read documents', slug: 'documents.read', description: 'Open and download documents' },
    response: { permissionId: 'perm_7uJm4Kd1S' },
  },
});
