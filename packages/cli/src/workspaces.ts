import type { Workspace } from '@unkey-ts/server';
import { loadWorkspace } from './choose-workspace.ts';
import { table, timeCell } from './columns.ts';
import type { Command, Output } from './command.ts';
import { parseWholeNumber } from './given.ts';
import { audit, type LocalInvocation, localCommand } from './local-data.ts';

const idArgument = { name: 'ID', description: 'Id of the workspace, ws_…' };

export const workspaceCommands: readonly Command[] = [
  localCommand({
    group: 'workspaces',
    name: 'create',
    summary: 'Make a workspace: keys and everything else of one are unknown to all others.',
    arguments: [],
    flags: { name: { kind: 'text', description: 'Name of the workspace, for people.' } },
    run: create,
  }),
  localCommand({
    group: 'workspaces',
    name: 'list',
    summary: 'List workspaces.',
    arguments: [],
    flags: {},
    run: list,
  }),
  localCommand({
    group: 'workspaces',
    name: 'disable',
    summary: 'Refuse all requests of a workspace.',
    arguments: [idArgument],
    flags: {},
    run: (invocation) => change(invocation, { isEnabled: false }),
  }),
  localCommand({
    group: 'workspaces',
    name: 'enable',
    summary: 'Accept requests of a disabled workspace again.',
    arguments: [idArgument],
    flags: {},
    run: (invocation) => change(invocation, { isEnabled: true }),
  }),
  localCommand({
    group: 'workspaces',
    name: 'limit',
    summary: 'Bound the requests that a workspace may make per minute.',
    arguments: [idArgument, { name: 'N|none', description: 'Requests per minute; none: any number.' }],
    flags: {},
    run: (invocation) => change(invocation, { requestsPerMinute: parseLimit(invocation) }),
  }),
];

async function create({ given, storage, server, ...local }: LocalInvocation): Promise<Output> {
  const name = given.required('name');
  const workspaceId = await storage.write(async (store) => {
    const { id } = await server.createWorkspace(store, local, name);
    await audit(store, local, {
      workspaceId: id,
      event: 'workspace.create',
      display: `Created workspace ${id}`,
      resources: [{ type: 'workspace', id, name }],
    });
    return id;
  });
  return {
    json: { workspaceId, name },
    text: `Workspace ${workspaceId} is there. It needs a root key: \`unkey root-keys create --workspace ${workspaceId} …\``,
  };
}

async function list({ storage }: LocalInvocation): Promise<Output> {
  const workspaces = await storage.read((store) => store.workspaces.list());
  return {
    json: workspaces.map(shown),
    text: table(
      ['id', 'name', 'enabled', 'requests per minute', 'created'],
      workspaces.map(({ id, name, isEnabled, requestsPerMinute, createdAt }) => [
        id,
        name,
        isEnabled,
        requestsPerMinute,
        timeCell(createdAt),
      ]),
    ),
  };
}

async function change(
  { given, storage, ...local }: LocalInvocation,
  changes: Partial<Pick<Workspace, 'isEnabled' | 'requestsPerMinute'>>,
): Promise<Output> {
  const id = given.argument('ID');
  const changed = await storage.write(async (store) => {
    const before = await loadWorkspace(store, id);
    const after = { ...before, ...changes };
    if (after.isEnabled === before.isEnabled && after.requestsPerMinute === before.requestsPerMinute) {
      return before;
    }
    await store.workspaces.update(id, changes);
    await audit(store, local, {
      workspaceId: id,
      event: 'workspace.update',
      display: `Changed workspace ${id}`,
      resources: [{ type: 'workspace', id, name: before.name, meta: changes }],
    });
    return after;
  });
  return { json: shown(changed), text: stateOf(changed) };
}

function parseLimit({ given }: LocalInvocation): number | null {
  const text = given.argument('N|none');
  return text === 'none' ? null : parseWholeNumber('The limit', text);
}

function stateOf({ id, isEnabled, requestsPerMinute }: Workspace): string {
  const limit = requestsPerMinute === null ? 'any number of' : `at most ${requestsPerMinute}`;
  return `Workspace ${id} is ${isEnabled ? 'enabled' : 'disabled'} and may make ${limit} requests per minute.`;
}

function shown({ id, name, isEnabled, requestsPerMinute, createdAt }: Workspace) {
  return { workspaceId: id, name, enabled: isEnabled, requestsPerMinute, createdAt };
}
