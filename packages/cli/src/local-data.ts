import { existsSync } from 'node:fs';
import type { AuditRecord, Config, Storage, Store } from '@unkey-ts/server';
import type { Command, Flag, Invocation, Output } from './command.ts';
import { CommandError } from './command-errors.ts';

type Server = typeof import('@unkey-ts/server');

/** The database, as a local command uses it: beside a running server, or without one. */
export interface LocalData {
  readonly server: Server;
  readonly config: Config;
  readonly storage: Storage;
  readonly ids: ReturnType<Server['randomIds']>;
  readonly clock: Server['systemClock'];
  readonly now: number;
}

export interface LocalInvocation extends Invocation, LocalData {}

export interface AuditEntry extends Pick<AuditRecord, 'workspaceId' | 'event' | 'display' | 'resources'> {}

const dataFlag: Readonly<Record<string, Flag>> = {
  'data-dir': {
    kind: 'text',
    value: 'FOLDER',
    description: "The server's data folder, without DATABASE_URL. Default: UNKEY_DATA_DIR, then ./data.",
  },
};

/** A command that uses the database itself (DATABASE_URL, or the data folder) and needs no running server. */
export function localCommand(
  declaration: Omit<Command, 'run'> & { run(invocation: LocalInvocation): Promise<Output> },
): Command {
  return {
    ...declaration,
    flags: { ...declaration.flags, ...dataFlag },
    run: (invocation) => withLocalData(invocation, (local) => declaration.run({ ...invocation, ...local })),
  };
}

/** Appends an audit record; call it in the transaction of the change. */
export async function audit(
  store: Store,
  { ids, now }: Pick<LocalData, 'ids' | 'now'>,
  entry: AuditEntry,
): Promise<void> {
  await store.audit.append([
    {
      ...entry,
      id: ids.id('log'),
      at: now,
      actor: { type: 'system', id: 'cli', name: 'unkey CLI' },
      remoteIp: null,
      userAgent: null,
      correlationId: null,
    },
  ]);
}

async function withLocalData(
  { args, env, cwd }: Invocation,
  work: (local: LocalData) => Promise<Output>,
): Promise<Output> {
  const server = await import('@unkey-ts/server');
  const config = server.loadConfig({ flags: { 'data-dir': args.text('data-dir') }, env, cwd });
  if (config.databaseUrl === undefined) checkPresent(config.dataDir, server.databaseFileOf(config.dataDir));
  const { storage } = await server.openStorage(config);
  const clock = server.systemClock;
  try {
    return await work({ server, config, storage, clock, ids: server.randomIds(), now: clock.now() });
  } finally {
    await storage.close();
  }
}

// Opening a database creates it, which must not happen in a mistyped folder.
function checkPresent(dataDir: string, databaseFile: string): void {
  if (existsSync(databaseFile)) return;
  throw new CommandError(
    `There is no database in ${dataDir}. Name the server's data folder with --data-dir or UNKEY_DATA_DIR; ` +
      '`unkey serve` creates one on its first start.',
  );
}
