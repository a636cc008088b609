import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command, Output } from './command.ts';
import { CommandError } from './command-errors.ts';
import { type LocalInvocation, localCommand } from './local-data.ts';

export const backupCommand: Command = localCommand({
  group: null,
  name: 'backup',
  summary: 'Copy the database into one file, also while the server runs.',
  details: [
    'The copy is a consistent snapshot without usage events. The master key is not in it: keep it elsewhere.',
    '`unkey restore` restores it.',
  ].join('\n'),
  arguments: [{ name: 'FILE', description: 'The backup to write; it must not exist yet.' }],
  flags: {},
  run: backup,
});

async function backup({ args, cwd, config, server }: LocalInvocation): Promise<Output> {
  if (config.databaseUrl !== undefined) {
    throw new CommandError(
      'DATABASE_URL is set: PostgreSQL is backed up with its own tools, such as pg_dump.',
    );
  }
  const target = resolve(cwd, args.argument('FILE'));
  await server.backupDatabase({ file: server.databaseFileOf(config.dataDir), target });
  const bytes = statSync(target).size;
  const masterKey =
    config.masterKey === undefined ? server.masterKeyFileOf(config.dataDir) : 'UNKEY_MASTER_KEY';
  return {
    json: { file: target, bytes, masterKeyIncluded: false },
    text: [
      `Backup written: ${target} (${bytes} bytes).`,
      `The master key is not in it. Keep ${masterKey} in another safe place: recoverable keys are lost without it.`,
    ].join('\n'),
  };
}
