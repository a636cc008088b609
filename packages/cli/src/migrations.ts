import type { MigrationAlgorithm } from '@unkey-ts/server';
import { chooseWorkspace, workspaceFlag } from './choose-workspace.ts';
import type { Command, Output } from './command.ts';
import { UsageError } from './command-errors.ts';
import { audit, type LocalInvocation, localCommand } from './local-data.ts';

export const migrationCommands: readonly Command[] = [
  localCommand({
    group: 'migrations',
    name: 'create',
    summary: 'Create a migration: how another system hashes keys, for keys.migrateKeys.',
    arguments: [],
    flags: {
      name: { kind: 'text', description: 'Name of the migration, for people.' },
      algorithm: {
        kind: 'text',
        value: 'NAME',
        description: 'sha256 or github.com/seamapi/prefixed-api-key.',
      },
      workspace: workspaceFlag,
    },
    run: create,
  }),
];

async function create({ args, storage, server, ...local }: LocalInvocation): Promise<Output> {
  const name = args.required('name');
  const algorithm = parseAlgorithm(args.required('algorithm'), server.migrationAlgorithms);
  const made = await storage.write(async (store) => {
    const { id: workspaceId } = await chooseWorkspace(store, args);
    const migrationId = local.ids.id('mig');
    await store.migrations.create(workspaceId, { id: migrationId, name, algorithm, createdAt: local.now });
    await audit(store, local, {
      workspaceId,
      event: 'migration.create',
      display: `Created migration ${migrationId}`,
      resources: [{ type: 'migration', id: migrationId, name }],
    });
    return { migrationId, workspaceId };
  });
  return {
    json: made,
    text: `Created migration ${made.migrationId}. Send it as migrationId to keys.migrateKeys.`,
  };
}

function parseAlgorithm(text: string, algorithms: readonly MigrationAlgorithm[]): MigrationAlgorithm {
  const algorithm = algorithms.find((candidate) => candidate === text);
  if (algorithm !== undefined) return algorithm;
  throw new UsageError(`--algorithm must be ${algorithms.join(' or ')} (is '${text}').`);
}
