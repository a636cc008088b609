import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command, Invocation, Output } from './command.ts';
import { CommandError } from './command-errors.ts';

export const restoreCommand: Command = {
  group: null,
  name: 'restore',
  summary: 'Restore a backup into a data folder that has no database.',
  details: [
    'The backup is checked first, and no file is replaced. No server may use the folder.',
    'Put the master.key from the time of the backup beside it, or set UNKEY_MASTER_KEY to that key.',
  ].join('\n'),
  arguments: [{ name: 'FILE', description: 'The backup; it is copied.' }],
  flags: {
    'data-dir': {
      kind: 'text',
      value: 'FOLDER',
      description: 'Created if missing. Default: UNKEY_DATA_DIR, then ./data.',
    },
  },
  run: restore,
};

async function restore({ args, env, cwd }: Invocation): Promise<Output> {
  const server = await import('@unkey-ts/server');
  const config = server.loadConfig({ flags: { 'data-dir': args.text('data-dir') }, env, cwd });
  if (config.databaseUrl !== undefined) {
    throw new CommandError(
      'DATABASE_URL is set: PostgreSQL is restored with its own tools, such as pg_restore.',
    );
  }
  const { dataDir } = config;
  const backup = resolve(cwd, args.argument('FILE'));
  const { file, bytes, hasSecrets } = await server.restoreDatabase({ backup, dataDir });
  const keyFile = server.masterKeyFileOf(dataDir);
  const lacksMasterKey = hasSecrets && config.masterKey === undefined && !existsSync(keyFile);
  return {
    json: { file, bytes, masterKeyMissing: lacksMasterKey },
    text: [
      `Backup restored: ${file} (${bytes} bytes).`,
      lacksMasterKey
        ? `It has recoverable keys. Put their master key into ${keyFile}, or set UNKEY_MASTER_KEY, before you start the server.`
        : 'Start the server.',
    ].join('\n'),
  };
}
