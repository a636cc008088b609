import type { Services } from '../../services.ts';
import type { NamespacesOrder } from '../../storage/port/commands.ts';
import { transact } from '../transaction.ts';

/** Concurrent first calls create one namespace: the lookup inside the transaction decides. */
export async function createNamespaces(
  services: Pick<Services, 'storage' | 'ids'>,
  { names, clientIp, ...order }: NamespacesOrder,
): Promise<void> {
  const origin = { ...order, services, clientIp: () => clientIp };
  await transact(origin, async ({ store, workspaceId, now, audit }) => {
    for (const name of names) {
      if ((await store.namespaces.find(workspaceId, name)) !== null) continue;
      const id = services.ids.id('rlns');
      await store.namespaces.create(workspaceId, { id, name, createdAt: now });
      audit('ratelimitNamespace.create', {
        display: `Created namespace ${name} (${id})`,
        resources: [{ type: 'ratelimitNamespace', id, name }],
      });
    }
  });
}
