import type { Command, Output } from './command.ts';
import { CommandError } from './command-errors.ts';
import { type LocalInvocation, localCommand } from './local-data.ts';

export const secretCommands: readonly Command[] = [
  localCommand({
    group: 'secrets',
    name: 'rotate',
    summary: 'Put a new master key in place of the current one.',
    details: [
      'With a key file: the new key is made, put to use and the former one dropped, also while the server runs.',
      'With UNKEY_MASTER_KEY: put a new key before the others, restart the server, run this, then drop the others.',
    ].join('\n'),
    arguments: [],
    flags: {},
    run: rotate,
  }),
];

async function rotate({ storage, server, config }: LocalInvocation): Promise<Output> {
  const vault = await server.openVault(config, storage);
  if (!vault.isEnabled) {
    throw new CommandError(
      'UNKEY_MASTER_KEY is `off`: there is no master key to rotate. Unset it or give it keys.',
    );
  }
  const isConfigured = config.masterKey !== undefined;
  const keyFile = isConfigured ? null : server.masterKeyFileOf(config.dataDir);
  const rewrapped = await server.rotateMasterKey({ storage, vault, keyFile });
  const done = `The secrets of ${rewrapped} workspace${rewrapped === 1 ? '' : 's'}`;
  return {
    json: { workspaces: rewrapped, source: isConfigured ? 'UNKEY_MASTER_KEY' : keyFile },
    text: isConfigured
      ? `${done} are under the first key of UNKEY_MASTER_KEY now. Drop the keys behind it and restart the server.`
      : `${done} are under a new master key in ${keyFile}. Earlier backups of the database need the key file from before.`,
  };
}
