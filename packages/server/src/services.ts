import type { Clock } from './base/clock.ts';
import type { Ids } from './base/ids.ts';
import type { Counters } from './counters/port.ts';
import type { EventSink } from './events/port.ts';
import type { DamagedSecrets } from './secrets/damaged-secrets.ts';
import type { Vault } from './secrets/vault.ts';
import type { LastUsed } from './storage/last-used.ts';
import type { Lookups } from './storage/lookups.ts';
import type { Commands } from './storage/port/commands.ts';
import type { HotStorage, Storage } from './storage/port/storage.ts';

/** What operations of mode `spend` work with: nothing of it takes a function that would run inside a transaction. */
export interface SpendServices {
  readonly storage: HotStorage;
  readonly commands: Commands;
  readonly lookups: Lookups;
  readonly counters: Counters;
  readonly events: EventSink;
  readonly lastUsed: Pick<LastUsed, 'mark'>;
  readonly ids: Ids;
  readonly clock: Clock;
}

/** What operations and jobs work with; built once, in app.ts. */
export interface Services extends SpendServices {
  readonly storage: Storage;
  readonly vault: Vault;
  readonly damagedSecrets: DamagedSecrets;
  readonly lastUsed: LastUsed;
}
