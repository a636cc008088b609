import {
  type Clock,
  createLog,
  createMemoryApp,
  defaultConfig,
  type Ids,
  type MemoryApp,
} from '@unkey-ts/server';
import { chosenIds } from './deterministic-ids.ts';
import { emulatorRootKey } from './root-key.ts';
import { applySeed } from './seed/apply-seed.ts';
import type { ReadSeed } from './seed/read-seed.ts';

type MemoryAppOptions = Parameters<typeof createMemoryApp>[0];

/** Encrypts recoverable keys. No secret: nothing outlives the process. */
const masterKey = Buffer.alloc(32, 'emulator').toString('base64');
/** No folder of it is used. */
const config = { ...defaultConfig('/'), rootKey: emulatorRootKey, masterKey };
const log = createLog({ level: 'silent' });

export interface SeededRows {
  readonly rows: NonNullable<MemoryAppOptions['copyOf']>;
  readonly workspaceId: string;
}

/** The service in memory, which says nothing. */
export function openMemoryApp(options: Omit<MemoryAppOptions, 'config' | 'log'>): Promise<MemoryApp> {
  return createMemoryApp({ ...options, config, log });
}

/** The rows that a seed makes. Applied once: a copy of them takes a fraction of the time. */
export async function rowsOf(
  seed: ReadSeed,
  { clock, ids }: { clock: Clock; ids: Ids },
): Promise<SeededRows> {
  const chosen = chosenIds(ids);
  const app = await openMemoryApp({ clock, ids: chosen });
  try {
    const workspaceId = await applySeed(seed, app, chosen);
    return { rows: await app.copy(), workspaceId };
  } finally {
    await app.close();
  }
}
