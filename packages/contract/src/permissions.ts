import type { Access, Requirement } from './access.ts';
import { type OperationId, operationIds, operations } from './operations.ts';

/** A permission that root keys can hold. */
interface RootKeyPermission {
  /** For all things of the kind: `api.*.read_key`. */
  readonly name: string;
  /** For one thing: `api.{apiId}.read_key`; null: there is no such form. */
  readonly nameForOne: string | null;
  readonly isPerResource: boolean;
  readonly description: string;
  /** The operations that ask for it. */
  readonly operations: readonly OperationId[];
}

/** What each permission allows: the one part of the catalogue that the operations do not say themselves. */
const permissionDescriptions: Readonly<Record<string, string>> = {
  'api.*.create_api': 'Make APIs.',
  'api.*.read_api': 'Read APIs.',
  'api.*.delete_api': 'Delete APIs and with them all their keys.',
  'api.*.create_key': 'Make keys, bring keys along from elsewhere, and replace keys.',
  'api.*.read_key': 'Read keys, without the keys themselves.',
  'api.*.update_key': 'Change keys, their credits, permissions and roles.',
  'api.*.delete_key': 'Delete keys.',
  'api.*.encrypt_key': 'Store keys so that they can be shown again.',
  'api.*.decrypt_key': 'See recoverable keys in full.',
  'api.*.verify_key': 'Verify keys.',
  'identity.*.create_identity': 'Make identities.',
  'identity.*.read_identity': 'Read identities.',
  'identity.*.update_identity': 'Change the data and limits of identities.',
  'identity.*.delete_identity': 'Delete identities.',
  'ratelimit.*.create_namespace': 'Make a namespace by counting in it for the first time.',
  'ratelimit.*.limit': 'Count against limits.',
  'ratelimit.*.set_override': 'Set overrides.',
  'ratelimit.*.read_override': 'Read overrides.',
  'ratelimit.*.delete_override': 'Delete overrides.',
  'rbac.*.create_permission': 'Make permissions, also in passing.',
  'rbac.*.read_permission': 'Read permissions.',
  'rbac.*.delete_permission': 'Delete permissions.',
  'rbac.*.create_role': 'Make roles.',
  'rbac.*.read_role': 'Read roles.',
  'rbac.*.delete_role': 'Delete roles.',
  'rbac.*.add_permission_to_key': 'Give permissions to keys.',
  'rbac.*.remove_permission_from_key': 'Take permissions away from keys.',
  'rbac.*.add_role_to_key': 'Give roles to keys.',
  'rbac.*.add_permission_to_role': 'Give permissions to roles.',
  'rbac.*.remove_permission_from_role': 'Take permissions away from roles.',
};

/** What is asked for, and by which operations: `api.*.read_key` and `api.{apiId}.read_key` are two of them. */
const usersOfLeaves = new Map<string, OperationId[]>();
for (const id of operationIds) {
  for (const leaf of new Set(leavesOf(operations[id].access))) {
    usersOfLeaves.set(leaf, [...(usersOfLeaves.get(leaf) ?? []), id]);
  }
}

/** Every permission that some operation asks for, and no other. */
export const rootKeyPermissions: readonly RootKeyPermission[] = Object.entries(permissionDescriptions).map(
  ([name, description]) => {
    const forms = [...usersOfLeaves.keys()].filter((leaf) => leaf.replace(/\{\w+\}/, '*') === name);
    const nameForOne = forms.find((leaf) => leaf !== name) ?? null;
    const users = new Set(forms.flatMap((leaf) => usersOfLeaves.get(leaf) ?? []));
    return {
      name,
      nameForOne,
      isPerResource: nameForOne !== null,
      description,
      operations: operationIds.filter((id) => users.has(id)),
    };
  },
);

/** What a root key holds that may do everything. */
export const allRootKeyPermissions: readonly string[] = rootKeyPermissions.map(({ name }) => name);

/** A grant by path that opens operations, beside the permissions: `keyspaces/{keyspaceId}#create_key`. */
interface RootKeyGrant {
  readonly name: string;
  readonly operations: readonly OperationId[];
}

export const rootKeyGrants: readonly RootKeyGrant[] = [...usersOfLeaves]
  .filter(([leaf]) => isGrant(leaf))
  .map(([name, users]) => ({ name, operations: users }));

/** A grant is told from a permission by its `#`. */
export function isGrant(leaf: string): boolean {
  return leaf.includes('#');
}

/** All permissions and grants that an operation's access mentions. */
export function leavesOf(access: Access): string[] {
  return access === 'public' ? [] : access.flatMap(({ requires }) => leaves(requires));
}

function leaves(requirement: Requirement): string[] {
  if (typeof requirement === 'string') return [requirement];
  return ('anyOf' in requirement ? requirement.anyOf : requirement.allOf).flatMap(leaves);
}
