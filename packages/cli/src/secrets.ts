import type { Command, Output } from './command.ts';
import { CommandError } from './command-errors.ts';
import { type LocalInvocation, localCommand } from './local-data.ts';

export const secretCommands: readonly Command[] = [
  localCommand({
    group: 'secrets',
    name: 'rotate',
    summary: 'Replace the master key.',
    details: [
      'With a key file: a new key is created and used, and the old one removed, also while the server runs.',
      'With UNKEY_MASTER_KEY: put a new key in front, restart the server, run this, then remove the other keys.',
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
      ? `${done} are now encrypted with the first key of UNKEY_MASTER_KEY. Remove the other keys and restart the server.`
      : `${done} are now encrypted with a new master key in ${keyFile}. Earlier backups of the database need the old key file.`,
  };
}
