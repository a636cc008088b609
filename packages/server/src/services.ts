import type { Clock } from './base/clock.ts';
import type { Ids } from './base/ids.ts';
import type { Counters } from './counters/port.ts';
import type { EventSink } from './events/port.ts';
import type { Vault } from './secrets/vault.ts';
import type { LastUsed } from './storage/last-used.ts';
import type { Lookups } from './storage/lookups.ts';
import type { Storage } from './storage/port/storage.ts';

/** What operations and jobs work with; built once, in app.ts. */
export interface Services {
  readonly storage: Storage;
  readonly lookups: Lookups;
  readonly counters: Counters;
  readonly vault: Vault;
  readonly events: EventSink;
  readonly lastUsed: LastUsed;
  readonly ids: Ids;
  readonly clock: Clock;
}
