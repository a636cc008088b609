import type { Store, Workspace } from '@unkey-ts/server';
import type { Flag } from './command.ts';
import { CommandError } from './command-errors.ts';
import type { ParsedArgs } from './parsed-args.ts';

export const workspaceFlag: Flag = {
  kind: 'text',
  value: 'ID',
  description: 'The workspace. Required when there are several.',
};

/** The workspace of `--workspace`, or the only one. */
export async function chooseWorkspace(store: Store, args: ParsedArgs): Promise<Workspace> {
  const named = args.text('workspace');
  if (named !== undefined) return loadWorkspace(store, named);
  const [only, ...others] = await store.workspaces.list();
  if (only === undefined)
    throw new CommandError('There is no workspace. Create one with `unkey workspaces create`.');
  if (others.length === 0) return only;
  const ids = [only, ...others].map(({ id, name }) => `${id} (${name})`).join(', ');
  throw new CommandError(`There are several workspaces; name one with --workspace: ${ids}.`);
}

export async function loadWorkspace(store: Store, id: string): Promise<Workspace> {
  const workspace = await store.workspaces.find(id);
  if (workspace !== null) return workspace;
  throw new CommandError(`There is no workspace ${id}. \`unkey workspaces list\` shows them.`);
}
