import { createApi } from './apis/create-api.ts';
import { deleteApi } from './apis/delete-api.ts';
import { getApi } from './apis/get-api.ts';
import { listKeys } from './apis/list-keys.ts';
import { createIdentity } from './identities/create-identity.ts';
import { deleteIdentity } from './identities/delete-identity.ts';
import { getIdentity } from './identities/get-identity.ts';
import { listIdentities } from './identities/list-identities.ts';
import { updateIdentity } from './identities/update-identity.ts';
import { addPermissions } from './keys/add-permissions.ts';
import { addRoles } from './keys/add-roles.ts';
import { createKey } from './keys/create-key.ts';
import { deleteKey } from './keys/delete-key.ts';
import { getKey } from './keys/get-key.ts';
import { migrateKeys } from './keys/migrate-keys.ts';
import { removePermissions } from './keys/remove-permissions.ts';
import { removeRoles } from './keys/remove-roles.ts';
import { rerollKey } from './keys/reroll-key.ts';
import { setPermissions } from './keys/set-permissions.ts';
import { setRoles } from './keys/set-roles.ts';
import { updateCredits } from './keys/update-credits.ts';
import { updateKey } from './keys/update-key.ts';
import { verifyKey } from './keys/verify-key.ts';
import { whoami } from './keys/whoami.ts';
import { liveness } from './liveness/liveness.ts';
import type { Operation } from './operation.ts';
import { createPermission } from './permissions/create-permission.ts';
import { createRole } from './permissions/create-role.ts';
import { deletePermission } from './permissions/delete-permission.ts';
import { deleteRole } from './permissions/delete-role.ts';
import { getPermission } from './permissions/get-permission.ts';
import { getRole } from './permissions/get-role.ts';
import { listPermissions } from './permissions/list-permissions.ts';
import { listRoles } from './permissions/list-roles.ts';
import { setRolePermissions } from './permissions/set-role-permissions.ts';
import { deleteOverride } from './ratelimit/delete-override.ts';
import { getOverride } from './ratelimit/get-override.ts';
import { limit } from './ratelimit/limit.ts';
import { listOverrides } from './ratelimit/list-overrides.ts';
import { multiLimit } from './ratelimit/multi-limit.ts';
import { setOverride } from './ratelimit/set-override.ts';

/** Every operation of the API: the only list of them. */
export const operations = {
  'apis.createApi': createApi,
  'apis.deleteApi': deleteApi,
  'apis.getApi': getApi,
  'apis.listKeys': listKeys,
  'identities.createIdentity': createIdentity,
  'identities.deleteIdentity': deleteIdentity,
  'identities.getIdentity': getIdentity,
  'identities.listIdentities': listIdentities,
  'identities.updateIdentity': updateIdentity,
  'keys.addPermissions': addPermissions,
  'keys.addRoles': addRoles,
  'keys.createKey': createKey,
  'keys.deleteKey': deleteKey,
  'keys.getKey': getKey,
  'keys.migrateKeys': migrateKeys,
  'keys.removePermissions': removePermissions,
  'keys.removeRoles': removeRoles,
  'keys.rerollKey': rerollKey,
  'keys.setPermissions': setPermissions,
  'keys.setRoles': setRoles,
  'keys.updateCredits': updateCredits,
  'keys.updateKey': updateKey,
  'keys.verifyKey': verifyKey,
  'keys.whoami': whoami,
  liveness: liveness,
  'permissions.createPermission': createPermission,
  'permissions.createRole': createRole,
  'permissions.deletePermission': deletePermission,
  'permissions.deleteRole': deleteRole,
  'permissions.getPermission': getPermission,
  'permissions.getRole': getRole,
  'permissions.listPermissions': listPermissions,
  'permissions.listRoles': listRoles,
  'permissions.setRolePermissions': setRolePermissions,
  'ratelimit.deleteOverride': deleteOverride,
  'ratelimit.getOverride': getOverride,
  'ratelimit.limit': limit,
  'ratelimit.listOverrides': listOverrides,
  'ratelimit.multiLimit': multiLimit,
  'ratelimit.setOverride': setOverride,
} as const satisfies Record<string, Operation>;

export type Operations = typeof operations;
export type OperationId = keyof Operations;

/** The request's body; null: none. */
export type InputOf<Id extends OperationId> = NonNullable<Operations[Id]['types']>['input'];

/** The `data` of a response. */
export type OutputOf<Id extends OperationId> = NonNullable<Operations[Id]['types']>['output'];

export const operationIds = Object.keys(operations) as readonly OperationId[];
