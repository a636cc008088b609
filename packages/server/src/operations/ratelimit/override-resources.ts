import type { AuditResource, Namespace } from '../../storage/port/records.ts';

/** The resources of an audit record about an override. */
export function overrideResources(
  override: { readonly id: string; readonly identifier: string },
  namespace: Pick<Namespace, 'id' | 'name'>,
): AuditResource[] {
  return [
    { type: 'ratelimitOverride', id: override.id, name: override.identifier },
    { type: 'ratelimitNamespace', id: namespace.id, name: namespace.name },
  ];
}
