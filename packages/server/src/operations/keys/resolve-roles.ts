import { foldCase } from '../../domain/fold-case.ts';
import type { Role } from '../../storage/port/records.ts';
import type { ReadContext } from '../context.ts';
import { type Refusal, refuse } from '../refusal.ts';

/** The roles with these names, each once, in the order of the request. Refused at the first unknown name. */
export async function resolveRoles(
  { store, workspaceId }: Pick<ReadContext, 'store' | 'workspaceId'>,
  names: readonly string[],
): Promise<Role[] | Refusal> {
  const found = await store.roles.findByNames(workspaceId, names);
  const byName = new Map(found.map((role) => [foldCase(role.name), role]));
  const resolved = new Map<string, Role>();
  for (const name of names) {
    const role = byName.get(foldCase(name));
    if (role === undefined) return refuse('unkey/data/role_not_found', `There is no role named '${name}'.`);
    resolved.set(role.id, role);
  }
  return [...resolved.values()];
}
