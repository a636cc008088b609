import type { Workspace } from '@unkey-ts/server';
import { loadWorkspace } from './choose-workspace.ts';
import { table, timeCell } from './columns.ts';
import type { Command, Output } from './command.ts';
import { audit, type LocalInvocation, localCommand } from './local-data.ts';
import { parseWholeNumber } from './parsed-args.ts';

const idArgument = { name: 'ID', description: 'Id of the workspace, ws_…' };

export const workspaceCommands: readonly Command[] = [
  localCommand({
    group: 'workspaces',
    name: 'create',
    summary: 'Create a workspace. Workspaces share no data.',
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
    summary: 'Disable a workspace: its requests are refused.',
    arguments: [idArgument],
    flags: {},
    run: (invocation) => change(invocation, { isEnabled: false }),
  }),
  localCommand({
    group: 'workspaces',
    name: 'enable',
    summary: 'Enable a disabled workspace.',
    arguments: [idArgument],
    flags: {},
    run: (invocation) => change(invocation, { isEnabled: true }),
  }),
  localCommand({
    group: 'workspaces',
    name: 'limit',
    summary: 'Limit the requests of a workspace per minute.',
    arguments: [idArgument, { name: 'N|none', description: 'Requests per minute; none: no limit.' }],
    flags: {},
    run: (invocation) => change(invocation, { requestsPerMinute: parseLimit(invocation) }),
  }),
];

async function create({ args, storage, server, ...local }: LocalInvocation): Promise<Output> {
  const name = args.required('name');
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
    text: `Created workspace ${workspaceId}. It needs a root key: \`unkey root-keys create --workspace ${workspaceId} …\``,
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
  { args, storage, ...local }: LocalInvocation,
  changes: Partial<Pick<Workspace, 'isEnabled' | 'requestsPerMinute'>>,
): Promise<Output> {
  const id = args.argument('ID');
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

function parseLimit({ args }: LocalInvocation): number | null {
  const text = args.argument('N|none');
  return text === 'none' ? null : parseWholeNumber('The limit', text);
}

function stateOf({ id, isEnabled, requestsPerMinute }: Workspace): string {
  const limit =
    requestsPerMinute === null ? 'no request limit' : `a limit of ${requestsPerMinute} requests per minute`;
  return `Workspace ${id} is ${isEnabled ? 'enabled' : 'disabled'}, with ${limit}.`;
}

function shown({ id, name, isEnabled, requestsPerMinute, createdAt }: Workspace) {
  return { workspaceId: id, name, enabled: isEnabled, requestsPerMinute, createdAt };
}
