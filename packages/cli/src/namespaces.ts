import type { Namespace, Store } from '@unkey-ts/server';
import { loadWorkspace, workspaceFlag } from './choose-workspace.ts';
import { table, timeCell } from './columns.ts';
import type { Command, Output } from './command.ts';
import { CommandError } from './command-errors.ts';
import { audit, type LocalInvocation, localCommand } from './local-data.ts';
import type { ParsedArgs } from './parsed-args.ts';

type OwnedNamespace = Namespace & { readonly workspaceId: string };

const namespaceArgument = { name: 'NAME_OR_ID', description: 'Name of the namespace, or its id, rlns_…' };
const flags = { workspace: workspaceFlag };

export const namespaceCommands: readonly Command[] = [
  localCommand({
    group: 'namespaces',
    name: 'list',
    summary: 'List rate-limit namespaces, including deleted ones.',
    arguments: [],
    flags: { workspace: { ...workspaceFlag, description: 'Only the namespaces of this workspace.' } },
    run: list,
  }),
  localCommand({
    group: 'namespaces',
    name: 'delete',
    summary: 'Delete a rate-limit namespace; its overrides are kept.',
    arguments: [namespaceArgument],
    flags,
    run: (invocation) => setDeleted(invocation, { deletedAt: invocation.now }),
  }),
  localCommand({
    group: 'namespaces',
    name: 'restore',
    summary: 'Restore a deleted namespace with its overrides.',
    arguments: [namespaceArgument],
    flags,
    run: (invocation) => setDeleted(invocation, { deletedAt: null }),
  }),
];

async function list({ args, storage }: LocalInvocation): Promise<Output> {
  const workspaceId = args.text('workspace');
  const all = await storage.read((store) => store.namespaces.listAll());
  const namespaces = all.filter((row) => workspaceId === undefined || row.workspaceId === workspaceId);
  return {
    json: namespaces.map(shown),
    text: table(
      ['id', 'name', 'workspace', 'created', 'deleted'],
      namespaces.map((row) => [
        row.id,
        row.name,
        row.workspaceId,
        timeCell(row.createdAt),
        timeCell(row.deletedAt),
      ]),
    ),
  };
}

async function setDeleted(
  { args, storage, ...local }: LocalInvocation,
  { deletedAt }: { deletedAt: number | null },
): Promise<Output> {
  const changed = await storage.write(async (store) => {
    const namespace = await loadNamespace(store, args);
    const { id, name, workspaceId } = namespace;
    if ((namespace.deletedAt === null) === (deletedAt === null)) return namespace;
    await store.namespaces.setDeleted(workspaceId, id, deletedAt);
    await audit(store, local, {
      workspaceId,
      event: deletedAt === null ? 'ratelimitNamespace.update' : 'ratelimitNamespace.delete',
      display: `${deletedAt === null ? 'Restored' : 'Deleted'} namespace ${name} (${id})`,
      resources: [{ type: 'ratelimitNamespace', id, name }],
    });
    return { ...namespace, deletedAt };
  });
  const state = deletedAt === null ? 'in use' : 'deleted';
  return { json: shown(changed), text: `Namespace ${changed.name} (${changed.id}) is ${state}.` };
}

/** By id first, then by name, as in the API. */
async function loadNamespace(store: Store, args: ParsedArgs): Promise<OwnedNamespace> {
  const reference = args.argument('NAME_OR_ID');
  const workspaceId = args.text('workspace');
  if (workspaceId !== undefined) await loadWorkspace(store, workspaceId);
  const candidates = (await store.namespaces.listAll()).filter(
    (row) => workspaceId === undefined || row.workspaceId === workspaceId,
  );
  const byId = candidates.filter(({ id }) => id === reference);
  const found = byId.length > 0 ? byId : candidates.filter(({ name }) => name === reference);
  const [namespace, ...others] = found;
  if (namespace === undefined) {
    throw new CommandError(`There is no namespace ${reference}. \`unkey namespaces list\` shows them.`);
  }
  if (others.length === 0) return namespace;
  const owners = found.map((row) => row.workspaceId).join(', ');
  throw new CommandError(
    `Several workspaces have a namespace ${reference}; name one with --workspace: ${owners}.`,
  );
}

function shown({ id, name, workspaceId, createdAt, deletedAt }: OwnedNamespace) {
  return { namespaceId: id, name, workspaceId, createdAt, deletedAt };
}
