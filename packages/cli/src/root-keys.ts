import type { RootKey, Store } from '@unkey-ts/server';
import { chooseWorkspace, workspaceFlag } from './choose-workspace.ts';
import { table, timeCell } from './columns.ts';
import type { Command, Output } from './command.ts';
import { CommandError } from './command-errors.ts';
import { audit, type LocalInvocation, localCommand } from './local-data.ts';
import { parseRootKeyPermissions } from './root-key-permissions.ts';

const keyIdArgument = { name: 'KEY_ID', description: 'Id of the root key, key_…' };

export const rootKeyCommands: readonly Command[] = [
  localCommand({
    group: 'root-keys',
    name: 'create',
    summary: 'Create a root key and print it once.',
    details: 'A permission for one API or namespace contains its id: api.API_ID.read_key.',
    arguments: [],
    flags: {
      name: { kind: 'text', description: 'Name of the root key, for people.' },
      permissions: { kind: 'text', value: 'LIST|all', description: 'Comma-separated permissions, or all.' },
      workspace: workspaceFlag,
      expires: { kind: 'text', value: 'MS', description: 'Expiry, in Unix milliseconds. Default: never.' },
    },
    run: create,
  }),
  localCommand({
    group: 'root-keys',
    name: 'list',
    summary: 'List root keys; the keys themselves are not stored.',
    arguments: [],
    flags: {},
    run: list,
  }),
  localCommand({
    group: 'root-keys',
    name: 'disable',
    summary: 'Disable a root key.',
    arguments: [keyIdArgument],
    flags: {},
    run: (invocation) => setEnabled(invocation, { isEnabled: false }),
  }),
  localCommand({
    group: 'root-keys',
    name: 'enable',
    summary: 'Enable a disabled root key.',
    arguments: [keyIdArgument],
    flags: {},
    run: (invocation) => setEnabled(invocation, { isEnabled: true }),
  }),
  localCommand({
    group: 'root-keys',
    name: 'delete',
    summary: 'Delete a root key permanently.',
    arguments: [keyIdArgument],
    flags: {},
    run: remove,
  }),
];

async function create({ args, storage, server, ...local }: LocalInvocation): Promise<Output> {
  const name = args.required('name');
  const listed = args.required('permissions');
  const expiresAt = args.wholeNumber('expires') ?? null;
  const made = await storage.write(async (store) => {
    const { id: workspaceId } = await chooseWorkspace(store, args);
    const { permissions, warnings } = parseRootKeyPermissions(listed, (grant) =>
      server.isUrnGrant(workspaceId, grant),
    );
    const { rootKeyId, key } = await server.createRootKey(store, local, {
      workspaceId,
      name,
      permissions,
      expiresAt,
    });
    await audit(store, local, {
      workspaceId,
      event: 'rootKey.create',
      display: `Created root key ${rootKeyId}`,
      resources: [{ type: 'rootKey', id: rootKeyId, name }],
    });
    return { json: { keyId: rootKeyId, key, workspaceId }, warnings };
  });
  const { keyId, key, workspaceId } = made.json;
  return { ...made, text: `Root key ${keyId} of workspace ${workspaceId}, shown this once:\n\n  ${key}\n` };
}

async function list({ storage }: LocalInvocation): Promise<Output> {
  const rootKeys = await storage.read((store) => store.rootKeys.list());
  return {
    json: rootKeys.map(({ id, isEnabled, ...rootKey }) => ({ keyId: id, ...rootKey, enabled: isEnabled })),
    text: table(
      ['id', 'name', 'start', 'workspace', 'enabled', 'expires', 'permissions'],
      rootKeys.map(({ id, name, start, workspaceId, isEnabled, expiresAt, permissions }) => [
        id,
        name,
        start,
        workspaceId,
        isEnabled,
        timeCell(expiresAt),
        permissions.length,
      ]),
    ),
  };
}

async function setEnabled(
  { args, storage, ...local }: LocalInvocation,
  { isEnabled }: { isEnabled: boolean },
): Promise<Output> {
  const keyId = args.argument('KEY_ID');
  const word = isEnabled ? 'enabled' : 'disabled';
  await storage.write(async (store) => {
    const rootKey = await loadRootKey(store, keyId);
    if (rootKey.isEnabled === isEnabled) return;
    await store.rootKeys.setEnabled(keyId, isEnabled);
    await audit(store, local, {
      workspaceId: rootKey.workspaceId,
      event: 'rootKey.update',
      display: `Root key ${keyId} is ${word}`,
      resources: [{ type: 'rootKey', id: keyId, name: rootKey.name ?? undefined, meta: { isEnabled } }],
    });
  });
  return { json: { keyId, enabled: isEnabled }, text: `Root key ${keyId} is ${word}.` };
}

async function remove({ args, storage, ...local }: LocalInvocation): Promise<Output> {
  const keyId = args.argument('KEY_ID');
  await storage.write(async (store) => {
    const rootKey = await loadRootKey(store, keyId);
    await store.rootKeys.delete(keyId, local.now);
    await audit(store, local, {
      workspaceId: rootKey.workspaceId,
      event: 'rootKey.delete',
      display: `Deleted root key ${keyId}`,
      resources: [{ type: 'rootKey', id: keyId, name: rootKey.name ?? undefined }],
    });
  });
  return { json: { keyId, deletedAt: local.now }, text: `Root key ${keyId} is deleted.` };
}

async function loadRootKey(store: Store, keyId: string): Promise<RootKey> {
  const rootKey = (await store.rootKeys.list()).find(({ id }) => id === keyId);
  if (rootKey !== undefined) return rootKey;
  throw new CommandError(`There is no root key ${keyId}. \`unkey root-keys list\` shows their ids.`);
}
