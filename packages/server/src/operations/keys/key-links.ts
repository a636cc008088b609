import type { Key, Permission, Role } from '../../storage/port/records.ts';
import type { WriteContext } from '../context.ts';
import { difference } from '../difference.ts';

type Linked = Pick<Permission | Role, 'id' | 'name'>;

/** Attaches or detaches permissions or roles of a key, with an audit record each. */
export async function changeLinks(
  context: WriteContext,
  change: LinkChange,
  { keyId, linked }: { keyId: string; linked: readonly Linked[] },
): Promise<void> {
  await context.store.keys[change](context.workspaceId, keyId, idsOf(linked));
  auditLinks(context, change, { keyId, linked });
}

/** The audit records of `changeLinks`. */
export function auditLinks(
  { audit }: Pick<WriteContext, 'audit'>,
  change: LinkChange,
  { keyId, linked }: { keyId: string; linked: readonly Linked[] },
): void {
  const { event, resource, verb } = linkChanges[change];
  for (const { id, name } of linked) {
    audit(event, {
      display: `${verb(`${resource} ${name}`)} key ${keyId}`,
      resources: [
        { type: 'key', id: keyId },
        { type: resource, id, name },
      ],
    });
  }
}

type LinkChange = 'attachPermissions' | 'detachPermissions' | 'attachRoles' | 'detachRoles';

const added = (what: string) => `Added ${what} to`;
const removed = (what: string) => `Removed ${what} from`;

const linkChanges = {
  attachPermissions: {
    event: 'authorization.connect_permission_and_key',
    resource: 'permission',
    verb: added,
  },
  detachPermissions: {
    event: 'authorization.disconnect_permission_and_key',
    resource: 'permission',
    verb: removed,
  },
  attachRoles: { event: 'authorization.connect_role_and_key', resource: 'role', verb: added },
  detachRoles: { event: 'authorization.disconnect_role_and_key', resource: 'role', verb: removed },
} as const;

/** Links without audit records of their own: updateKey's one `key.update` covers them. */
export async function replaceLinks(
  { store, workspaceId }: WriteContext,
  key: Key,
  wanted: { readonly permissions?: readonly Permission[]; readonly roles?: readonly Role[] },
): Promise<void> {
  if (wanted.permissions) {
    const { added, removed } = difference(key.permissions, wanted.permissions);
    await store.keys.detachPermissions(workspaceId, key.id, idsOf(removed));
    await store.keys.attachPermissions(workspaceId, key.id, idsOf(added));
  }
  if (wanted.roles) {
    const { added, removed } = difference(key.roles, wanted.roles);
    await store.keys.detachRoles(workspaceId, key.id, idsOf(removed));
    await store.keys.attachRoles(workspaceId, key.id, idsOf(added));
  }
}

function idsOf(linked: readonly Linked[]): string[] {
  return linked.map(({ id }) => id);
}
