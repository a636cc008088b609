import Type from 'typebox';
import { operation } from '../operation.ts';
import { permissionId, permissionSlug } from '../schemas/permission.ts';

export const createPermission = operation({
  id: 'permissions.createPermission',
  method: 'POST',
  mode: 'write',
  summary: 'Make a permission',
  description: `Keys and roles hold permissions; verifications ask for them by slug. A slug exists once, whatever its upper
and lower case: the second time is refused with 409.`,
  input: Type.Object(
    {
      name: Type.String({ minLength: 1, maxLength: 512, description: 'Name of the permission, for people.' }),
      slug: permissionSlug,
      description: Type.Optional(
        Type.String({ maxLength: 512, description: 'What holding it allows. Empty: none.' }),
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
