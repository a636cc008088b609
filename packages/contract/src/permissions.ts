import type { Access, Requirement } from './access.ts';
import { type OperationId, operationIds, operations } from './operations.ts';

/** A permission of root keys. */
interface RootKeyPermission {
  /** For all resources: `api.*.read_key`. */
  readonly name: string;
  /** For one resource: `api.{apiId}.read_key`; null: there is no such form. */
  readonly nameForOne: string | null;
  readonly isPerResource: boolean;
  readonly description: string;
  /** The operations that require it. */
  readonly operations: readonly OperationId[];
}

/** What each permission allows. Everything else in the catalogue follows from the operations. */
const permissionDescriptions: Readonly<Record<string, string>> = {
  'api.*.create_api': 'Create APIs.',
  'api.*.read_api': 'Read APIs.',
  'api.*.delete_api': 'Delete APIs with all their keys.',
  'api.*.create_key': 'Create, migrate and reroll keys.',
  'api.*.read_key': 'Read keys, without their secrets.',
  'api.*.update_key': 'Update keys, their credits, permissions and roles.',
  'api.*.delete_key': 'Delete keys.',
  'api.*.encrypt_key': 'Store recoverable keys.',
  'api.*.decrypt_key': 'Read recoverable keys in full.',
  'api.*.verify_key': 'Verify keys.',
  'identity.*.create_identity': 'Create identities.',
  'identity.*.read_identity': 'Read identities.',
  'identity.*.update_identity': 'Update metadata and limits of identities.',
  'identity.*.delete_identity': 'Delete identities.',
  'ratelimit.*.create_namespace': 'Create a namespace by its first limit check.',
  'ratelimit.*.limit': 'Check rate limits.',
  'ratelimit.*.set_override': 'Set overrides.',
  'ratelimit.*.read_override': 'Read overrides.',
  'ratelimit.*.delete_override': 'Delete overrides.',
  'rbac.*.create_permission': 'Create permissions, also implicitly in other operations.',
  'rbac.*.read_permission': 'Read permissions.',
  'rbac.*.delete_permission': 'Delete permissions.',
  'rbac.*.create_role': 'Create roles.',
  'rbac.*.read_role': 'Read roles.',
  'rbac.*.delete_role': 'Delete roles.',
  'rbac.*.add_permission_to_key': 'Add permissions to keys.',
  'rbac.*.remove_permission_from_key': 'Remove permissions from keys.',
  'rbac.*.add_role_to_key': 'Add roles to keys.',
  'rbac.*.add_permission_to_role': 'Add permissions to roles.',
  'rbac.*.remove_permission_from_role': 'Remove permissions from roles.',
};

/** Each required permission and the operations that require it; `api.*.read_key` and `api.{apiId}.read_key` are two. */
const usersOfLeaves = new Map<string, OperationId[]>();
for (const id of operationIds) {
  for (const leaf of new Set(leavesOf(operations[id].access))) {
    usersOfLeaves.set(leaf, [...(usersOfLeaves.get(leaf) ?? []), id]);
  }
}

/** Every permission that an operation requires, and no other. */
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

/** The permissions of a root key that may do everything. */
export const allRootKeyPermissions: readonly string[] = rootKeyPermissions.map(({ name }) => name);

/** Patterns of permissions for one resource, such as `api.{apiId}.read_key`. */
const forms: readonly RegExp[] = rootKeyPermissions
  .map(({ nameForOne }) => nameForOne)
  .filter((name) => name !== null)
  .map((name) => new RegExp(`^${name.replaceAll('.', '\\.').replace(/\{\w+\}/, '[a-zA-Z0-9_-]+')}$`));

/** Whether an operation requires the permission, for all resources or for one. */
export function isRootKeyPermission(permission: string): boolean {
  return allRootKeyPermissions.includes(permission) || forms.some((form) => form.test(permission));
}

/** A grant by path that allows operations, besides the permissions: `keyspaces/{keyspaceId}#create_key`. */
interface RootKeyGrant {
  readonly name: string;
  readonly operations: readonly OperationId[];
}

export const rootKeyGrants: readonly RootKeyGrant[] = [...usersOfLeaves]
  .filter(([leaf]) => isGrant(leaf))
  .map(([name, users]) => ({ name, operations: users }));

/** A grant contains `#`, a permission does not. */
export function isGrant(leaf: string): boolean {
  return leaf.includes('#');
}

/** All permissions and grants that an operation's access names. */
export function leavesOf(access: Access): string[] {
  return access === 'public' ? [] : access.flatMap(({ requires }) => leaves(requires));
}

function leaves(requirement: Requirement): string[] {
  if (typeof requirement === 'string') return [requirement];
  return ('anyOf' in requirement ? requirement.anyOf : requirement.allOf).flatMap(leaves);
}
