import type { SimulatedId } from './model/model.ts';

/** The focus of a run. Without a focus, two operations would rarely concern the same key. */
export interface Theme {
  /** Relative frequency of each operation; the others do not occur. */
  readonly weights: Partial<Record<SimulatedId, number>>;
  /** Milliseconds by which the clock advances. */
  readonly jumps: readonly number[];
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Has every operation: the compiler asks for those that are missing. */
const everything = {
  weights: {
    'apis.createApi': 3,
    'apis.deleteApi': 1,
    'apis.getApi': 2,
    'apis.listKeys': 4,
    'identities.createIdentity': 4,
    'identities.deleteIdentity': 3,
    'identities.getIdentity': 2,
    'identities.listIdentities': 2,
    'identities.updateIdentity': 6,
    'keys.addPermissions': 3,
    'keys.addRoles': 4,
    'keys.createKey': 14,
    'keys.deleteKey': 2,
    'keys.getKey': 8,
    'keys.removePermissions': 2,
    'keys.removeRoles': 2,
    'keys.rerollKey': 4,
    'keys.setPermissions': 2,
    'keys.setRoles': 2,
    'keys.updateCredits': 6,
    'keys.updateKey': 12,
    'keys.verifyKey': 48,
    'keys.whoami': 3,
    'permissions.createPermission': 3,
    'permissions.createRole': 5,
    'permissions.deletePermission': 2,
    'permissions.deleteRole': 2,
    'permissions.getPermission': 2,
    'permissions.getRole': 2,
    'permissions.listPermissions': 2,
    'permissions.listRoles': 2,
    'permissions.setRolePermissions': 3,
    'ratelimit.deleteOverride': 3,
    'ratelimit.getOverride': 3,
    'ratelimit.limit': 16,
    'ratelimit.listOverrides': 2,
    'ratelimit.multiLimit': 8,
    'ratelimit.setOverride': 9,
  },
  jumps: [1, 400, second, 7 * second, minute, 40 * minute, hour, 11 * hour, day, 12 * day, 31 * day],
} satisfies Theme & { readonly weights: Record<SimulatedId, number> };

const credits: Theme = {
  weights: {
    'apis.listKeys': 2,
    'keys.createKey': 5,
    'keys.getKey': 5,
    'keys.rerollKey': 2,
    'keys.updateCredits': 6,
    'keys.updateKey': 4,
    'keys.verifyKey': 25,
  },
  jumps: [second, 11 * hour, 13 * hour, day, day, 2 * day, 14 * day, 30 * day, 31 * day],
};

const keyLimits: Theme = {
  weights: {
    'identities.createIdentity': 3,
    'identities.deleteIdentity': 1,
    'identities.updateIdentity': 9,
    'keys.createKey': 3,
    'keys.deleteKey': 1,
    'keys.updateKey': 4,
    'keys.verifyKey': 40,
  },
  jumps: [1, 400, second, 3 * second, 7 * second, 20 * second, 35 * second, 50 * second, 20 * minute],
};

const roles: Theme = {
  weights: {
    'keys.addPermissions': 3,
    'keys.addRoles': 6,
    'keys.createKey': 3,
    'keys.getKey': 4,
    'keys.removePermissions': 3,
    'keys.removeRoles': 3,
    'keys.setPermissions': 2,
    'keys.setRoles': 3,
    'keys.updateKey': 2,
    'keys.verifyKey': 16,
    'permissions.createPermission': 2,
    'permissions.createRole': 5,
    'permissions.deletePermission': 3,
    'permissions.deleteRole': 2,
    'permissions.getRole': 3,
    'permissions.listRoles': 2,
    'permissions.setRolePermissions': 6,
  },
  jumps: [second, hour],
};

const namespaceLimits: Theme = {
  weights: {
    'ratelimit.deleteOverride': 3,
    'ratelimit.getOverride': 3,
    'ratelimit.limit': 24,
    'ratelimit.listOverrides': 2,
    'ratelimit.multiLimit': 12,
    'ratelimit.setOverride': 8,
  },
  jumps: keyLimits.jumps,
};

export const themes: readonly Theme[] = [everything, credits, keyLimits, roles, namespaceLimits];

/** Each operation as many times as it weighs. */
export function weightedOperations({ weights }: Theme): SimulatedId[] {
  return Object.entries(weights).flatMap(([id, weight]) =>
    // The keys are those of the record above.
    Array.from({ length: weight }, () => id as SimulatedId),
  );
}
