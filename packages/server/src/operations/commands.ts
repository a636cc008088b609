import type { Services } from '../services.ts';
import type { Commands } from '../storage/port/commands.ts';
import { adoptMigratedKey } from './keys/adopt-migrated-key.ts';
import { refillKey } from './keys/apply-refill.ts';
import { createNamespaces } from './ratelimit/create-namespaces.ts';

/** The commands, run where the storage is. */
export function commandsOn(services: Pick<Services, 'storage' | 'ids'>): Commands {
  return {
    refillKey: (order) => refillKey(services, order),
    adoptMigratedKey: (order) => adoptMigratedKey(services, order),
    createNamespaces: (order) => createNamespaces(services, order),
  };
}
