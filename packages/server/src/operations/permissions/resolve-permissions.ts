import { foldCase } from '../../domain/fold-case.ts';
import type { Permission } from '../../storage/port/records.ts';
import type { ReadContext, WriteContext } from '../context.ts';
import { auditCreatedPermission } from './audit-permission.ts';

export interface ResolvedPermissions {
  /** Sorted by slug, in their stored spelling. */
  readonly existing: Permission[];
  /** Each slug once, in its first spelling in the request, sorted. */
  readonly missing: string[];
}

export interface CreatePermissionsOptions {
  /** Whether each new permission gets an audit record. */
  readonly isAudited: boolean;
  readonly description?: (slug: string) => string;
}

/** Separates existing slugs from missing ones; slugs that differ only in case are the same. */
export async function resolvePermissions(
  { store, workspaceId }: Pick<ReadContext, 'store' | 'workspaceId'>,
  slugs: readonly string[],
): Promise<ResolvedPermissions> {
  const wanted = firstSpellings(slugs);
  const existing = await store.permissions.findBySlugs(workspaceId, [...wanted.values()]);
  for (const { slug } of existing) wanted.delete(foldCase(slug));
  return { existing, missing: [...wanted.values()].sort() };
}

/** Creates the permissions that `resolvePermissions` found missing, in their order. A permission's name is its slug. */
export async function createPermissions(
  context: WriteContext,
  slugs: readonly string[],
  { isAudited, description }: CreatePermissionsOptions,
): Promise<Permission[]> {
  const { store, workspaceId, services, now } = context;
  const permissions = slugs.map((slug) => ({
    id: services.ids.id('perm'),
    slug,
    name: slug,
    description: description?.(slug) ?? null,
  }));
  await store.permissions.create(
    workspaceId,
    permissions.map((permission) => ({ ...permission, createdAt: now })),
  );
  if (isAudited) for (const permission of permissions) auditCreatedPermission(context, permission);
  return permissions;
}

function firstSpellings(slugs: readonly string[]): Map<string, string> {
  const spellings = new Map<string, string>();
  for (const slug of slugs) {
    const folded = foldCase(slug);
    if (!spellings.has(folded)) spellings.set(folded, slug);
  }
  return spellings;
}
