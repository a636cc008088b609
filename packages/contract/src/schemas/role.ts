import Type from 'typebox';
import { permission } from './permission.ts';

export const roleName = Type.String({
  minLength: 1,
  maxLength: 128,
  description: 'Name of a role. Any characters.',
});

/** Reference to a role: its id or its name. */
export const roleReference = Type.String({
  minLength: 1,
  maxLength: 128,
  description: 'Id of the role, `role_…`, or its name.',
});

/** A named set of permissions. */
export const role = Type.Object(
  {
    id: Type.String({ description: 'Id of the role, `role_…`.' }),
    name: Type.String({ description: 'Name of the role.' }),
    description: Type.Optional(Type.String({ description: 'Description of the role. Absent: none.' })),
    permissions: Type.Optional(
      Type.Array(permission, { description: 'Permissions of the role. Absent: none.' }),
    ),
  },
  { title: 'Role', additionalProperties: false, description: 'A named set of permissions.' },
);
