import type { Namespace, Store } from '@unkey-ts/server';
import { loadWorkspace, workspaceFlag } from './choose-workspace.ts';
import { table, timeCell } from './columns.ts';
import type { Command, Output } from './command.ts';
import { CommandError } from './command-errors.ts';
import type { Given } from './given.ts';
import { audit, type LocalInvocation, localCommand } from './local-data.ts';

type OwnedNamespace = Namespace & { readonly workspaceId: string };

const namespaceArgument = { name: 'NAME_OR_ID', description: 'Name of the namespace, or its id, rlns_…' };
const flags = { workspace: workspaceFlag };

export const namespaceCommands: readonly Command[] = [
  localCommand({
    group: 'namespaces',
    name: 'list',
    summary: 'List the namespaces of rate limits, deleted ones too.',
    arguments: [],
    flags: { workspace: { ...workspaceFlag, description: 'Only the namespaces of this workspace.' } },
    run: list,
  }),
  localCommand({
    group: 'namespaces',
    name: 'delete',
    summary: 'Refuse to count in a namespace; its overrides are kept.',
    arguments: [namespaceArgument],
    flags,
    run: (invocation) => setDeleted(invocation, { deletedAt: invocation.now }),
  }),
  localCommand({
    group: 'namespaces',
    name: 'restore',
    summary: 'Bring a deleted namespace back, with its overrides.',
    arguments: [namespaceArgument],
    flags,
    run: (invocation) => setDeleted(invocation, { deletedAt: null }),
  }),
];

async function list({ given, storage }: LocalInvocation): Promise<Output> {
  const workspaceId = given.text('workspace');
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
  { given, storage, ...local }: LocalInvocation,
  { deletedAt }: { deletedAt: number | null },
): Promise<Output> {
  const changed = await storage.write(async (store) => {
    const namespace = await loadNamespace(store, given);
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

/** By id first, then by name, like everywhere else. */
async function loadNamespace(store: Store, given: Given): Promise<OwnedNamespace> {
  const reference = given.argument('NAME_OR_ID');
  const workspaceId = given.text('workspace');
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
