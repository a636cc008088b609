import type { InputOf, OperationId } from '@unkey-ts/contract';
import * as apis from './apis.ts';
import * as identities from './identities.ts';
import * as keys from './keys.ts';
import * as permissions from './permissions.ts';
import * as ratelimit from './ratelimit.ts';
import type { Expected, State } from './state.ts';
import * as verify from './verify.ts';

/**
 * The expected effect and response of each operation. An operation without a model is not simulated, and its suite in
 * `tests/api` says why. A new model also needs a body in `bodies.ts` and a weight in `themes.ts`; the compiler asks for both.
 */
export const model = {
  'apis.createApi': apis.createApi,
  'apis.deleteApi': apis.deleteApi,
  'apis.getApi': apis.getApi,
  'apis.listKeys': apis.listKeys,
  'identities.createIdentity': identities.createIdentity,
  'identities.deleteIdentity': identities.deleteIdentity,
  'identities.getIdentity': identities.getIdentity,
  'identities.listIdentities': identities.listIdentities,
  'identities.updateIdentity': identities.updateIdentity,
  'keys.addPermissions': keys.addPermissions,
  'keys.addRoles': keys.addRoles,
  'keys.createKey': keys.createKey,
  'keys.deleteKey': keys.deleteKey,
  'keys.getKey': keys.getKey,
  'keys.removePermissions': keys.removePermissions,
  'keys.removeRoles': keys.removeRoles,
  'keys.rerollKey': keys.rerollKey,
  'keys.setPermissions': keys.setPermissions,
  'keys.setRoles': keys.setRoles,
  'keys.updateCredits': keys.updateCredits,
  'keys.updateKey': keys.updateKey,
  'keys.verifyKey': verify.verifyKey,
  'keys.whoami': keys.whoami,
  'permissions.createPermission': permissions.createPermission,
  'permissions.createRole': permissions.createRole,
  'permissions.deletePermission': permissions.deletePermission,
  'permissions.deleteRole': permissions.deleteRole,
  'permissions.getPermission': permissions.getPermission,
  'permissions.getRole': permissions.getRole,
  'permissions.listPermissions': permissions.listPermissions,
  'permissions.listRoles': permissions.listRoles,
  'permissions.setRolePermissions': permissions.setRolePermissions,
  'ratelimit.deleteOverride': ratelimit.deleteOverride,
  'ratelimit.getOverride': ratelimit.getOverride,
  'ratelimit.limit': ratelimit.limit,
  'ratelimit.listOverrides': ratelimit.listOverrides,
  'ratelimit.multiLimit': ratelimit.multiLimit,
  'ratelimit.setOverride': ratelimit.setOverride,
} satisfies {
  readonly [Id in OperationId]?: (state: State, workspace: number, input: InputOf<Id>) => Expected;
};

export type SimulatedId = keyof typeof model;
