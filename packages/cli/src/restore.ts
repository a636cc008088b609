import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command, Invocation, Output } from './command.ts';
import { CommandError } from './command-errors.ts';

export const restoreCommand: Command = {
  group: null,
  name: 'restore',
  summary: 'Put a backup into a data folder that has no database.',
  details: [
    'The file is checked first, and nothing is replaced. No server may use the folder.',
    'Put the master.key of the time of the backup beside it, or set UNKEY_MASTER_KEY as it was.',
  ].join('\n'),
  arguments: [{ name: 'FILE', description: 'What `unkey backup` has written; it stays where it is.' }],
  flags: {
    'data-dir': {
      kind: 'text',
      value: 'FOLDER',
      description: 'Made if it is missing. Default: UNKEY_DATA_DIR, then ./data.',
    },
  },
  run: restore,
};

async function restore({ given, env, cwd }: Invocation): Promise<Output> {
  const server = await import('@unkey-ts/server');
  const config = server.loadConfig({ flags: { 'data-dir': given.text('data-dir') }, env, cwd });
  if (config.databaseUrl !== undefined) {
    throw new CommandError(
      'DATABASE_URL is set: PostgreSQL is restored with its own tools, such as pg_restore.',
    );
  }
  const { dataDir } = config;
  const backup = resolve(cwd, given.argument('FILE'));
  const { file, bytes, hasSecrets } = server.restoreDatabase({ backup, dataDir });
  const keyFile = server.masterKeyFileOf(dataDir);
  const lacksMasterKey = hasSecrets && config.masterKey === undefined && !existsSync(keyFile);
  return {
    json: { file, bytes, masterKeyMissing: lacksMasterKey },
    text: [
      `Backup restored: ${file} (${bytes} bytes).`,
      lacksMasterKey
        ? `It holds recoverable keys. Put the master key that they need into ${keyFile}, or set UNKEY_MASTER_KEY, before you start the server.`
        : 'Start the server.',
    ].join('\n'),
  };
}
