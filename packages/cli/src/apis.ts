import { isValid, operations } from '@unkey-ts/contract';
import type { Api, Store } from '@unkey-ts/server';
import { workspaceFlag } from './choose-workspace.ts';
import { table } from './columns.ts';
import type { Command, Output } from './command.ts';
import { CommandError, UsageError } from './command-errors.ts';
import { audit, type LocalInvocation, localCommand } from './local-data.ts';
import type { ParsedArgs } from './parsed-args.ts';

type ApiChanges = Partial<Pick<Api, 'isProtected' | 'allowedIps' | 'defaultPrefix' | 'defaultByteLength'>>;

const apiIdArgument = { name: 'API_ID', description: 'Id of the API, api_…' };
const keySchema = operations['keys.createKey'].input.properties;

export const apiCommands: readonly Command[] = [
  localCommand({
    group: 'apis',
    name: 'list',
    summary: 'List APIs with their keyspace ids, which URN permissions use.',
    arguments: [],
    flags: { workspace: { ...workspaceFlag, description: 'Only the APIs of this workspace.' } },
    run: list,
  }),
  localCommand({
    group: 'apis',
    name: 'protect',
    summary: 'Refuse to delete an API.',
    arguments: [apiIdArgument],
    flags: {},
    run: (invocation) => change(invocation, { isProtected: true }),
  }),
  localCommand({
    group: 'apis',
    name: 'unprotect',
    summary: 'Allow deleting an API.',
    arguments: [apiIdArgument],
    flags: {},
    run: (invocation) => change(invocation, { isProtected: false }),
  }),
  localCommand({
    group: 'apis',
    name: 'allow-ips',
    summary: "Accept an API's keys from these addresses only.",
    arguments: [
      apiIdArgument,
      { name: 'CIDR,CIDR|none', description: 'Addresses and ranges, v4 and v6; none: any address.' },
    ],
    flags: {},
    run: (invocation) => change(invocation, { allowedIps: parseAllowedIps(invocation) }),
  }),
  localCommand({
    group: 'apis',
    name: 'defaults',
    summary: 'Set the defaults for new keys of an API.',
    arguments: [apiIdArgument],
    flags: {
      prefix: { kind: 'text', value: 'TEXT|none', description: 'Prefix of new keys.' },
      'byte-length': { kind: 'text', value: 'N|none', description: 'Random bytes of a new key, 16 to 255.' },
    },
    run: (invocation) => change(invocation, parseDefaults(invocation.args)),
  }),
];

async function list({ args, storage }: LocalInvocation): Promise<Output> {
  const workspaceId = args.text('workspace');
  const all = await storage.read((store) => store.apis.listAll());
  const apis = all.filter((api) => workspaceId === undefined || api.workspaceId === workspaceId);
  return {
    json: apis.map(shown),
    text: table(
      ['id', 'name', 'workspace', 'keyspace', 'protected', 'allowed ips', 'prefix', 'bytes'],
      apis.map((api) => [
        api.id,
        api.name,
        api.workspaceId,
        api.keyspaceId,
        api.isProtected,
        api.allowedIps,
        api.defaultPrefix,
        api.defaultByteLength,
      ]),
    ),
  };
}

async function change({ args, storage, ...local }: LocalInvocation, changes: ApiChanges): Promise<Output> {
  const id = args.argument('API_ID');
  const changed = await storage.write(async (store) => {
    const api = await loadApi(store, id);
    await store.apis.update(api.workspaceId, id, changes);
    await audit(store, local, {
      workspaceId: api.workspaceId,
      event: 'api.update',
      display: `Changed API ${id}`,
      resources: [{ type: 'api', id, name: api.name, meta: changes }],
    });
    return { ...api, ...changes };
  });
  return { json: shown(changed), text: stateOf(changed) };
}

async function loadApi(store: Store, id: string): Promise<Api> {
  const api = (await store.apis.listAll()).find((candidate) => candidate.id === id);
  if (api !== undefined) return api;
  throw new CommandError(`There is no API ${id}. \`unkey apis list\` shows them.`);
}

/** The text as typed, after checking that verifications can parse it. */
function parseAllowedIps({ args, server }: LocalInvocation): string | null {
  const text = args.argument('CIDR,CIDR|none');
  if (text === 'none') return null;
  try {
    if (server.parseAllowList(text) !== null) return text;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  throw new UsageError('At least one address is required; `none` accepts every address.');
}

function parseDefaults(args: ParsedArgs): ApiChanges {
  const prefix = args.text('prefix');
  const bytes = args.text('byte-length');
  if (prefix === undefined && bytes === undefined) {
    throw new UsageError('Nothing to change: set --prefix, --byte-length or both.');
  }
  return {
    ...(prefix !== undefined && { defaultPrefix: prefix === 'none' ? null : parsePrefix(prefix) }),
    ...(bytes !== undefined && { defaultByteLength: bytes === 'none' ? null : parseByteLength(bytes) }),
  };
}

function parsePrefix(prefix: string): string {
  if (isValid(keySchema.prefix, prefix)) return prefix;
  throw new UsageError('--prefix must be 1 to 16 characters from a–z, A–Z, 0–9 and `_`.');
}

function parseByteLength(text: string): number {
  const bytes = Number(text);
  if (/^\d+$/.test(text) && isValid(keySchema.byteLength, bytes)) return bytes;
  throw new UsageError('--byte-length must be a whole number from 16 to 255.');
}

function stateOf(api: Api): string {
  return [
    `API ${api.id} (${api.name})`,
    `  deletion     ${api.isProtected ? 'refused' : 'allowed'}`,
    `  addresses    ${api.allowedIps ?? 'any'}`,
    `  prefix       ${api.defaultPrefix ?? 'none'}`,
    `  byte length  ${api.defaultByteLength ?? 16}`,
  ].join('\n');
}

function shown({ id, workspaceId, name, keyspaceId, isProtected, createdAt, ...api }: Api) {
  const { allowedIps, defaultPrefix, defaultByteLength } = api;
  return {
    apiId: id,
    name,
    workspaceId,
    keyspaceId,
    protected: isProtected,
    allowedIps,
    defaultPrefix,
    defaultByteLength,
    createdAt,
  };
}
