import { type AccessCheck, anyOf } from '../access.ts';

/** An operation that creates the permissions it names also requires permission to create them. */
export const creatingPermissions: AccessCheck = {
  when: 'newPermission',
  requires: anyOf('rbac.*.create_permission', 'rbac/permissions/*#create_permission'),
};
