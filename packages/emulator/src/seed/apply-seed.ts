import type { InputOf, OperationId } from '@unkey-ts/contract';
import { createRootKey, createWorkspace, hashKey, type MemoryApp } from '@unkey-ts/server';
import type { ChosenIds } from '../deterministic-ids.ts';
import { EmulatorError } from '../emulator-error.ts';
import { type Perform, performWith } from '../key-steps.ts';
import { emulatorRootKey } from '../root-key.ts';
import { parseMomentOrDuration } from '../time.ts';
import type { SeedApi, SeedKey, SeedNamespace, SeedWorkspace } from '../types.ts';
import type { ReadSeed } from './read-seed.ts';

interface Target {
  readonly app: MemoryApp;
  readonly ids: ChosenIds;
  readonly workspaceId: string;
  /** Performs an operation with every permission, for the row of the seed at `location`. */
  perform<Id extends OperationId>(
    id: Id,
    input: InputOf<Id>,
    location: string,
  ): Promise<Record<string, string>>;
}

/** Creates what is in the seed, with the operations of the API where there is one; returns the id of the first workspace. */
export async function applySeed(read: ReadSeed, app: MemoryApp, ids: ChosenIds): Promise<string> {
  const { services, firstStart } = app;
  if (firstStart === null) throw new Error('A seed needs an empty database.');
  const { workspaceId } = firstStart;
  const targetOf = (of: { readonly workspaceId: string; readonly rootKey: string }): Target => ({
    app,
    ids,
    workspaceId: of.workspaceId,
    perform: performAt(read, performWith(app.handle, of.rootKey)),
  });
  await fillWorkspace(read.seed, 'seed', targetOf({ workspaceId, rootKey: emulatorRootKey }));
  for (const [index, workspace] of (read.seed.workspaces ?? []).entries()) {
    const made = await services.storage.write(async (store) => {
      const { id } = await createWorkspace(store, services, workspace.name);
      const { key, rootKeyId } = await createRootKey(store, services, { workspaceId: id, name: 'seed' });
      return { workspaceId: id, rootKey: key, rootKeyId };
    });
    await fillWorkspace(workspace, `seed.workspaces[${index}]`, targetOf(made));
    await services.storage.write((store) => store.rootKeys.delete(made.rootKeyId, services.clock.now()));
  }
  return workspaceId;
}

/** A refusal says where in the seed its row is. */
function performAt({ placeOf }: ReadSeed, perform: Perform): Target['perform'] {
  return async (id, input, location) => {
    try {
      return await perform(id, input);
    } catch (error) {
      if (!(error instanceof EmulatorError)) throw error;
      throw new EmulatorError(`${placeOf(location)}${location}: ${error.message}`, { cause: error });
    }
  };
}

async function fillWorkspace(workspace: SeedWorkspace, at: string, target: Target): Promise<void> {
  const { app, workspaceId, perform } = target;
  const { storage } = app.services;
  await storage.write(async (store) => {
    for (const { key, name = null, permissions } of workspace.rootKeys ?? []) {
      const order = { workspaceId, name, key, ...(permissions !== undefined && { permissions }) };
      await createRootKey(store, app.services, order);
    }
  });
  for (const [index, slug] of (workspace.permissions ?? []).entries())
    await perform('permissions.createPermission', { name: slug, slug }, `${at}.permissions[${index}]`);
  for (const [index, role] of (workspace.roles ?? []).entries())
    await perform('permissions.createRole', copied(role), `${at}.roles[${index}]`);
  for (const [index, identity] of (workspace.identities ?? []).entries())
    await perform('identities.createIdentity', copied(identity), `${at}.identities[${index}]`);
  const apiIds = await createApis(workspace.apis ?? [], at, target);
  for (const [index, key] of (workspace.keys ?? []).entries())
    await createKey(key, `${at}.keys[${index}]`, { ...target, apiIds });
  for (const [index, namespace] of (workspace.namespaces ?? []).entries())
    await createNamespace(namespace, `${at}.namespaces[${index}]`, target);
  // Last, so that it does not count what the seed does.
  if (workspace.requestsPerMinute !== undefined) {
    const { requestsPerMinute } = workspace;
    await storage.write((store) => store.workspaces.update(workspaceId, { requestsPerMinute }));
  }
}

/** The ids of APIs by id and name, and that of the only one by the empty string. */
async function createApis(
  apis: readonly SeedApi[],
  at: string,
  target: Target,
): Promise<Map<string, string>> {
  const { app, ids, workspaceId, perform } = target;
  const apiIds = new Map<string, string>();
  for (const [index, { id, name, prefix, byteLength }] of apis.entries()) {
    if (id !== undefined) ids.choose('api', id);
    const { apiId = '' } = await perform('apis.createApi', { name }, `${at}.apis[${index}]`);
    const defaults = { defaultPrefix: prefix ?? null, defaultByteLength: byteLength ?? null };
    await app.services.storage.write((store) => store.apis.update(workspaceId, apiId, defaults));
    for (const reference of [apiId, name, '']) if (!apiIds.has(reference)) apiIds.set(reference, apiId);
  }
  return apiIds;
}

async function createKey(
  { api = '', key, id, expires, ...settings }: SeedKey,
  location: string,
  { app, ids, workspaceId, perform, apiIds }: Target & { readonly apiIds: ReadonlyMap<string, string> },
): Promise<void> {
  const { services } = app;
  const apiId = apiIds.get(api) ?? (await perform('apis.createApi', { name: 'seed' }, location)).apiId ?? '';
  if (id !== undefined) ids.choose('key', id);
  const { keyId = '' } = await perform(
    'keys.createKey',
    {
      apiId,
      ...(copied(settings) as object),
      ...(expires !== undefined && { expires: parseMomentOrDuration(expires, services.clock.now()) }),
    },
    location,
  );
  if (key === undefined) return;
  await services.storage.write(async (store) => {
    const changes = { hash: hashKey(key), start: key.slice(0, 4) };
    if (settings.recoverable !== true) return store.keys.update(workspaceId, keyId, changes);
    const { wrappedDataKey } = (await store.workspaces.find(workspaceId)) ?? {};
    if (typeof wrappedDataKey !== 'string') throw new Error('A recoverable key has no data key.');
    const ciphertext = services.vault.encrypt({ workspaceId, wrapped: wrappedDataKey }, key, keyId);
    return store.keys.update(workspaceId, keyId, { ...changes, ciphertext });
  });
}

async function createNamespace(
  { name, overrides = [] }: SeedNamespace,
  location: string,
  { app, ids, workspaceId, perform }: Target,
): Promise<void> {
  const { clock, storage } = app.services;
  const namespace = { id: ids.id('rlns'), name, createdAt: clock.now() };
  await storage.write((store) => store.namespaces.create(workspaceId, namespace));
  for (const [index, override] of overrides.entries())
    await perform(
      'ratelimit.setOverride',
      { namespace: name, ...override },
      `${location}.overrides[${index}]`,
    );
}

/** The contract's types have arrays that could be changed. */
function copied<Row>(row: Row): never {
  return structuredClone(row) as never;
}
