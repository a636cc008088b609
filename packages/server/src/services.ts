import type { Clock } from './clock.ts';
import type { Counters } from './counters/port.ts';
import type { EventSink } from './events/port.ts';
import type { Ids } from './ids.ts';
import type { LastUsed } from './jobs/last-used.ts';
import type { Vault } from './secrets.ts';
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
