import { type AccessCheck, anyOf } from '../access.ts';

/** Naming a permission that does not exist makes it, which needs more than naming one that does. */
export const creatingPermissions: AccessCheck = {
  when: 'newPermission',
  requires: anyOf('rbac.*.create_permission', 'rbac/permissions/*#create_permission'),
};
