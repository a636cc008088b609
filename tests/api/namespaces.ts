import type { NamespaceWithOverrides } from '@unkey-ts/server';
import type { World } from './scenario.ts';

/** Creates a namespace by a check of cost 0; returns its id. */
export async function newNamespace(world: World, name = 'email.send'): Promise<string> {
  await world.do('ratelimit.limit', {
    namespace: name,
    identifier: 'nobody',
    limit: 1,
    duration: 1000,
    cost: 0,
  });
  const namespace = await findNamespace(world, name);
  if (namespace === null) throw new Error(`The namespace ${name} was not made.`);
  return namespace.id;
}

export function findNamespace(
  { service, workspaceId }: World,
  name: string,
): Promise<NamespaceWithOverrides | null> {
  return service.app.services.storage.read((store) => store.namespaces.find(workspaceId, name));
}

/** Deletes it as the local administration does. */
export async function deleteNamespace(world: World, id: string): Promise<void> {
  await world.service.app.services.storage.write((store) =>
    store.namespaces.setDeleted(world.workspaceId, id, world.clock.now()),
  );
}
