import { createHash } from 'node:crypto';
import { Unkey } from '@unkey/api';
import * as errors from '@unkey/api/models/errors';
import { type ErrorCode, errorType, type Operation, operations } from '@unkey-ts/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fakeClock, type Service, startService } from '../service.ts';
import { type Arranged, arrange, type ClientOperation, calls } from './unkey-api-calls.ts';

/** Parts of the client that are not about keys, limits or permissions: projects, deployments and so on. */
const otherMembers = [
  'analytics',
  'apps',
  'deployments',
  'domains',
  'environments',
  'gateway',
  'github',
  'internal',
  'portal',
  'projects',
];

const ids = Object.keys(calls) as ClientOperation[];

interface World {
  readonly client: Unkey;
  readonly arranged: Arranged;
  readonly workspaceId: string;
}

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

test('every operation of the client is called', () => {
  const client = clientWith('unused');
  const resources = membersOf(Unkey.prototype).filter((name) => !otherMembers.includes(name));
  const all = resources.flatMap((resource) =>
    membersOf(Object.getPrototypeOf(Reflect.get(client, resource))).map((name) => `${resource}.${name}`),
  );
  expect(all.toSorted()).toEqual(Object.keys(calls).toSorted());
});

describe('the client accepts the response of', () => {
  test.each(ids)('%s', async (id) => {
    const { client, arranged } = await newWorld();
    const { request, data } = callOf(id);
    const response = await callClient(client, id, request(arranged));
    expect(response.meta.requestId).toMatch(/^req_[a-zA-Z0-9]+$/);
    if (data) expect(response.data).toEqual(data(arranged));
    else expect(response).toEqual({ meta: { requestId: response.meta.requestId } });
  });
});

describe('a change made through the client is stored', () => {
  test('null and empty lists remove the fields of an updated key', async () => {
    const { client, arranged } = await newWorld();
    await callClient(client, 'keys.updateKey', calls['keys.updateKey'].request(arranged));
    const { data } = await client.keys.getKey({ keyId: arranged.keyId });
    expect(data).toEqual({
      keyId: arranged.keyId,
      start: data.start,
      enabled: false,
      createdAt: arranged.now,
      updatedAt: arranged.now,
    });
  });

  test('a disabled, an unknown and a used-up key have their codes', async () => {
    const { client, arranged } = await newWorld();
    const code = async (key: string) => (await client.keys.verifyKey({ key })).data.code;
    expect(await code('nobody_has_this_key')).toBe('NOT_FOUND');
    await client.keys.updateCredits({ keyId: arranged.keyId, operation: 'set', value: 0 });
    expect(await code(arranged.key)).toBe('USAGE_EXCEEDED');
    await client.keys.updateKey({ keyId: arranged.keyId, enabled: false });
    expect(await code(arranged.key)).toBe('DISABLED');
  });

  test('a migrated key is verified, and a duplicate hash in a migration fails once', async () => {
    const { client, arranged } = await newWorld();
    const hash = createHash('sha256').update('an-old-key').digest('base64');
    const { apiId, migrationId } = arranged;
    const { data } = await client.keys.migrateKeys({ apiId, migrationId, keys: [{ hash }, { hash }] });
    expect(data).toEqual({ migrated: [{ hash, keyId: expect.any(String) }], failed: [hash] });
    const verified = await client.keys.verifyKey({ key: 'an-old-key', migrationId });
    expect(verified.data).toMatchObject({ code: 'VALID', keyId: data.migrated[0]?.keyId });
  });
});

describe('the client reads all pages of', () => {
  const names = ['one', 'two', 'three', 'four', 'five'];

  test('apis.listKeys', async () => {
    const { client } = await newWorld();
    const { apiId } = (await client.apis.createApi({ name: 'pages' })).data;
    for (const name of names) await client.keys.createKey({ apiId, name });
    const pages = await pagesOf(client.apis.listKeys({ apiId, limit: 2 }));
    expect(pages.map(({ length }) => length)).toEqual([2, 2, 1]);
    expect(pages.flat().map(({ name }) => name)).toEqual(expect.arrayContaining(names));
  });

  test('identities.listIdentities', async () => {
    const { client, arranged } = await newWorld();
    for (const externalId of names) await client.identities.createIdentity({ externalId });
    const pages = await pagesOf(client.identities.listIdentities({ limit: 4 }));
    expect(pages.map(({ length }) => length)).toEqual([4, 2]);
    expect(
      pages
        .flat()
        .map(({ externalId }) => externalId)
        .toSorted(),
    ).toEqual([...names, arranged.externalId].toSorted());
  });

  test('permissions.listPermissions', async () => {
    const { client } = await newWorld();
    for (const slug of names) await client.permissions.createPermission({ name: slug, slug: `page.${slug}` });
    const pages = await pagesOf(client.permissions.listPermissions({ limit: 2, search: 'page.' }));
    expect(pages.map(({ length }) => length)).toEqual([2, 2, 1]);
    expect(
      pages
        .flat()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(names.toSorted());
  });

  test('permissions.listRoles', async () => {
    const { client } = await newWorld();
    for (const name of names) await client.permissions.createRole({ name });
    const pages = await pagesOf(client.permissions.listRoles({ limit: 3 }));
    expect(pages.map(({ length }) => length)).toEqual([3, 3]);
    expect(
      pages
        .flat()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual([...names, 'Editor'].toSorted());
  });

  test('ratelimit.listOverrides', async () => {
    const { client, arranged } = await newWorld();
    const { namespace } = arranged;
    for (const identifier of names) {
      await client.ratelimit.setOverride({ namespace, identifier, limit: 1, duration: 1000 });
    }
    const pages = await pagesOf(client.ratelimit.listOverrides({ namespace, limit: 2 }));
    expect(pages.map(({ length }) => length)).toEqual([2, 2, 2]);
    expect(
      pages
        .flat()
        .map(({ identifier }) => identifier)
        .toSorted(),
    ).toEqual([...names, 'vip_*'].toSorted());
  });

  test('a list of one page, without another request', async () => {
    const { client } = await newWorld();
    const page = await client.permissions.listRoles({ limit: 1 });
    expect(page.result.data).toHaveLength(1);
    expect(page.result.pagination).toEqual({ hasMore: false });
    expect(await page.next()).toBeNull();
  });
});

describe('every operation has the error class of the client for', () => {
  test.each(ids)('400: %s', async (id) => {
    const { client } = await newWorld();
    const error = await failureOf(callClient(client, id, calls[id].malformed));
    expectClass(error, id, errors.BadRequestErrorResponse);
    expectError(error, 400, 'unkey/application/invalid_input');
    expect(JSON.parse(error.body).error.errors).toEqual(
      expect.arrayContaining([{ location: expect.stringMatching(/^body/), message: expect.any(String) }]),
    );
  });

  test.each(ids)('401: %s', async (id) => {
    const { arranged } = await newWorld();
    const error = await failureOf(callClient(clientWith('not_a_root_key'), id, requestOf(id, arranged)));
    expectClass(error, id, errors.UnauthorizedErrorResponse);
    expectError(error, 401, 'unkey/authentication/key_not_found');
  });

  test.each(ids.filter((id) => maskAs(id) !== 'result'))('403, or 404 to hide a resource: %s', async (id) => {
    const { arranged, workspaceId } = await newWorld();
    const { key } = await service.newRootKey(workspaceId, []);
    const error = await failureOf(callClient(clientWith(key), id, requestOf(id, arranged)));
    const mask = maskAs(id);
    const hidden = mask === 'result' ? undefined : mask;
    expectClass(error, id, hidden ? errors.NotFoundErrorResponse : errors.ForbiddenErrorResponse);
    if (hidden) expectError(error, 404, hidden);
    else expectError(error, 403, 'unkey/authorization/insufficient_permissions');
  });

  // The client expects problem+json for 429 but does not request it, so it throws its general class.
  test.each(ids)('429: %s', async (id) => {
    const { client, arranged, workspaceId } = await newWorld();
    await limitWorkspace(workspaceId, 0);
    const error = await failureOf(callClient(client, id, requestOf(id, arranged)));
    expect(error).toBeInstanceOf(errors.APIError);
    expectError(error, 429, 'user/too_many_requests/workspace_rate_limited');
  });
});

test('a key that the root key may not verify looks like an unknown key', async () => {
  const { arranged, workspaceId } = await newWorld();
  const client = clientWith((await service.newRootKey(workspaceId, [])).key);
  const { data } = await client.keys.verifyKey({ key: arranged.key });
  expect(data).toEqual({ valid: false, code: 'NOT_FOUND' });
});

describe('typed errors have the data of the service', () => {
  const missing = {
    'apis.getApi': { apiId: 'api_missing' },
    'apis.deleteApi': { apiId: 'api_missing' },
    'apis.listKeys': { apiId: 'api_missing' },
    'identities.getIdentity': { identity: 'missing' },
    'identities.updateIdentity': { identity: 'missing' },
    'keys.createKey': { apiId: 'api_missing' },
    'keys.getKey': { keyId: 'key_missing' },
    'keys.updateKey': { keyId: 'key_missing' },
    'keys.deleteKey': { keyId: 'key_missing' },
    'keys.rerollKey': { keyId: 'key_missing', expiration: 0 },
    'keys.whoami': { key: 'missing_key' },
    'keys.updateCredits': { keyId: 'key_missing', operation: 'set', value: 1 },
    'keys.addRoles': { keyId: 'key_missing', roles: ['Editor'] },
    'keys.setRoles': { keyId: 'key_missing', roles: [] },
    'keys.removeRoles': { keyId: 'key_missing', roles: ['Editor'] },
    'keys.addPermissions': { keyId: 'key_missing', permissions: ['documents.read'] },
    'keys.setPermissions': { keyId: 'key_missing', permissions: [] },
    'keys.removePermissions': { keyId: 'key_missing', permissions: ['documents.read'] },
    'permissions.getPermission': { permission: 'missing' },
    'permissions.deletePermission': { permission: 'missing' },
    'permissions.getRole': { role: 'missing' },
    'permissions.setRolePermissions': { roleId: 'role_missing', permissions: [] },
    'ratelimit.getOverride': { namespace: 'missing', identifier: 'vip_*' },
    'ratelimit.setOverride': { namespace: 'missing', identifier: 'vip_*', limit: 1, duration: 1000 },
    'ratelimit.listOverrides': { namespace: 'missing' },
    'ratelimit.deleteOverride': { namespace: 'missing', identifier: 'vip_*' },
  } as const;

  test.each(Object.entries(missing))('404: %s', async (id, request) => {
    const { client } = await newWorld();
    const error = await failureOf(callClient(client, id as ClientOperation, request));
    expect(error).toBeInstanceOf(errors.NotFoundErrorResponse);
    expect(error.statusCode).toBe(404);
    expect(JSON.parse(error.body).error.type).toMatch(/_not_found$/);
  });

  test('404: a role to delete, as the general class', async () => {
    const { client } = await newWorld();
    const error = await failureOf(client.permissions.deleteRole({ role: 'missing' }));
    expect(error).toBeInstanceOf(errors.APIError);
    expectError(error, 404, 'unkey/data/role_not_found');
  });

  test('404: an unknown migration', async () => {
    const { client, arranged } = await newWorld();
    const request = { apiId: arranged.apiId, migrationId: 'migration_missing', keys: [{ hash: 'a-hash' }] };
    const error = await failureOf(client.keys.migrateKeys(request));
    expect(error).toBeInstanceOf(errors.NotFoundErrorResponse);
    expectError(error, 404, 'unkey/data/migration_not_found');
  });

  test('409: an identity, a permission and a role that exist already', async () => {
    const { client, arranged } = await newWorld();
    const taken: [Promise<unknown>, ErrorCode][] = [
      [
        client.identities.createIdentity({ externalId: arranged.externalId }),
        'unkey/data/identity_already_exists',
      ],
      [
        client.permissions.createPermission({ name: 'Again', slug: 'documents.write' }),
        'unkey/data/permission_already_exists',
      ],
      [client.permissions.createRole({ name: 'Editor' }), 'unkey/data/role_already_exists'],
    ];
    for (const [promise, code] of taken) {
      const error = await failureOf(promise);
      expect(error).toBeInstanceOf(errors.ConflictErrorResponse);
      expectError(error, 409, code);
    }
  });

  test('410: a limit in a namespace that is deleted', async () => {
    const { client, arranged, workspaceId } = await newWorld();
    const { namespace } = arranged;
    await service.app.services.storage.write(async (store) => {
      const found = await store.namespaces.find(workspaceId, namespace);
      if (found) await store.namespaces.setDeleted(workspaceId, found.id, service.clock.now());
    });
    const limit = { namespace, identifier: 'user_1', limit: 1, duration: 1000 };
    for (const promise of [client.ratelimit.limit(limit), client.ratelimit.multiLimit([limit])]) {
      const error = await failureOf(promise);
      expect(error).toBeInstanceOf(errors.GoneErrorResponse);
      expectError(error, 410, 'unkey/data/ratelimit_namespace_gone');
    }
  });

  test('412: a protected API is not deleted', async () => {
    const { client, arranged, workspaceId } = await newWorld();
    await service.app.services.storage.write((store) =>
      store.apis.update(workspaceId, arranged.apiId, { isProtected: true }),
    );
    const error = await failureOf(client.apis.deleteApi({ apiId: arranged.apiId }));
    expect(error).toBeInstanceOf(errors.PreconditionFailedErrorResponse);
    expectError(error, 412, 'unkey/application/protected_resource');
  });

  test('412: a limit that the key does not have, as the general class', async () => {
    const { client, arranged } = await newWorld();
    const request = { key: arranged.key, ratelimits: [{ name: 'unheard-of' }] };
    const error = await failureOf(client.keys.verifyKey(request));
    expect(error).toBeInstanceOf(errors.APIError);
    expectError(error, 412, 'unkey/application/precondition_failed');
  });

  test('429 to a client that requests problem+json', async () => {
    const { client, arranged, workspaceId } = await newWorld();
    await limitWorkspace(workspaceId, 0);
    const headers = { accept: 'application/problem+json' };
    const error = await failureOf(client.apis.getApi({ apiId: arranged.apiId }, { headers }));
    expect(error).toBeInstanceOf(errors.TooManyRequestsErrorResponse);
    expectError(error, 429, 'user/too_many_requests/workspace_rate_limited');
  });

  test('deleteIdentity has typed errors for a client that requests problem+json', async () => {
    const { client, workspaceId } = await newWorld();
    const headers = { accept: 'application/problem+json' };
    const powerless = clientWith((await service.newRootKey(workspaceId, [])).key);
    const failures = [
      [client, '', errors.BadRequestErrorResponse],
      [clientWith('not_a_root_key'), 'user_1', errors.UnauthorizedErrorResponse],
      [powerless, 'user_1', errors.ForbiddenErrorResponse],
      [client, 'missing', errors.NotFoundErrorResponse],
    ] as const;
    for (const [caller, identity, type] of failures) {
      const error = await failureOf(caller.identities.deleteIdentity({ identity }, { headers }));
      expect(error).toBeInstanceOf(type);
    }
  });
});

describe('a root key', () => {
  test('that has expired is refused', async () => {
    const { arranged, workspaceId } = await newWorld();
    const { key } = await service.newRootKey(workspaceId, ['api.*.read_api'], service.clock.now() - 1);
    const error = await failureOf(clientWith(key).apis.getApi({ apiId: arranged.apiId }));
    expect(error).toBeInstanceOf(errors.ForbiddenErrorResponse);
    expectError(error, 403, 'unkey/authorization/forbidden');
  });

  test('that includes the scheme is sent unchanged, and accepted', async () => {
    const { workspaceId } = await newWorld();
    const { key } = await service.newRootKey(workspaceId, ['api.*.create_api']);
    for (const scheme of ['bearer', 'Bearer']) {
      const response = await clientWith(`${scheme} ${key}`).apis.createApi({ name: 'scheme' });
      expect(response.data.apiId).toMatch(/^api_/);
    }
  });

  test('that is missing makes the request malformed', async () => {
    const error = await failureOf(clientWith('').apis.createApi({ name: 'nobody' }));
    expect(error).toBeInstanceOf(errors.BadRequestErrorResponse);
    expectError(error, 400, 'unkey/application/invalid_input');
  });
});

test('every operation has the error class of the client for 500 when the storage is closed', async () => {
  const broken = await startService({ clock: fakeClock() });
  const client = clientWith(broken.rootKey, broken.url);
  const arranged = await arrange(client, { now: broken.clock.now(), migrationId: 'migration_1' });
  const { key } = await broken.newRootKey(broken.workspaceId, ['api.*.read_api']);
  await broken.app.services.storage.close();
  try {
    for (const id of ids) {
      const error = await failureOf(callClient(clientWith(key, broken.url), id, requestOf(id, arranged)));
      expectClass(error, id, errors.InternalServerErrorResponse);
      expectError(error, 500, 'unkey/application/unexpected_error');
    }
  } finally {
    // Closing the storage a second time throws.
    await broken.app.close().catch(() => undefined);
    await broken.place.remove();
  }
});

function clientWith(rootKey: string, serverURL = service?.url ?? 'http://127.0.0.1'): Unkey {
  return new Unkey({ rootKey, serverURL, retryConfig: { strategy: 'none' } });
}

async function newWorld(): Promise<World> {
  const { workspaceId, rootKey } = await service.newWorkspace();
  const client = clientWith(rootKey);
  const migrationId = await newMigration(workspaceId);
  return { client, workspaceId, arranged: await arrange(client, { now: service.clock.now(), migrationId }) };
}

async function newMigration(workspaceId: string): Promise<string> {
  const { storage, ids } = service.app.services;
  const id = ids.id('migration');
  await storage.write((store) =>
    store.migrations.create(workspaceId, {
      id,
      name: 'tests',
      algorithm: 'sha256',
      createdAt: service.clock.now(),
    }),
  );
  return id;
}

function limitWorkspace(workspaceId: string, requestsPerMinute: number): Promise<unknown> {
  return service.app.services.storage.write((store) =>
    store.workspaces.update(workspaceId, { requestsPerMinute }),
  );
}

/** A call with a request of any type: `callClient` passes it to its own operation. */
interface AnyCall {
  readonly request: (arranged: Arranged) => unknown;
  readonly data?: (arranged: Arranged) => unknown;
}

function callOf(id: ClientOperation): AnyCall {
  return calls[id];
}

function requestOf(id: ClientOperation, arranged: Arranged): unknown {
  return callOf(id).request(arranged);
}

interface ResponseBody {
  readonly meta: { readonly requestId: string };
  readonly data?: unknown;
}

/** Calls an operation by its id; for a list, returns the body of the first page. */
async function callClient(client: Unkey, id: ClientOperation, request: unknown): Promise<ResponseBody> {
  const [resource = '', name = ''] = id.split('.');
  const methods: object = Reflect.get(client, resource);
  // In the table of calls, each request has the type of its operation.
  const response = (await Reflect.get(methods, name).call(methods, request)) as
    | ResponseBody
    | { readonly result: ResponseBody };
  return 'result' in response ? response.result : response;
}

interface Paged<Row> extends AsyncIterable<{ readonly result: { readonly data: readonly Row[] } }> {}

async function pagesOf<Row>(list: Promise<Paged<Row>>): Promise<(readonly Row[])[]> {
  const pages: (readonly Row[])[] = [];
  for await (const page of await list) pages.push(page.result.data);
  return pages;
}

async function failureOf(promise: Promise<unknown>): Promise<errors.UnkeyError> {
  const outcome = await promise.then(
    (response) => new Error(`succeeded: ${JSON.stringify(response)}`),
    (error: unknown) => error,
  );
  if (outcome instanceof errors.UnkeyError) return outcome;
  throw outcome;
}

/** The client matches errors of deleteIdentity as problem+json only, and never requests it. */
function expectClass(
  error: errors.UnkeyError,
  id: ClientOperation,
  typed: abstract new (...parts: never[]) => errors.UnkeyError,
): void {
  expect(error).toBeInstanceOf(id === 'identities.deleteIdentity' ? errors.APIError : typed);
}

/** Status, type and request id in the body and, for typed errors, in `data$`. */
function expectError(error: errors.UnkeyError, status: number, code: ErrorCode): void {
  const expected = {
    meta: { requestId: error.headers.get('x-request-id') },
    error: { status, type: errorType(code), title: expect.any(String), detail: expect.any(String) },
  };
  expect(error.statusCode).toBe(status);
  expect(JSON.parse(error.body)).toMatchObject(expected);
  if (!(error instanceof errors.APIError)) expect(Reflect.get(error, 'data$')).toMatchObject(expected);
}

function membersOf(prototype: object): string[] {
  return Object.getOwnPropertyNames(prototype).filter(
    (name) => name !== 'constructor' && !name.startsWith('_'),
  );
}

/** How the operation masks resources for which the root key has no permission; undefined: it does not. */
function maskAs(id: ClientOperation): ErrorCode | 'result' | undefined {
  const { access }: Operation = operations[id];
  return access === 'public' ? undefined : access.find((check) => check.maskAs)?.maskAs;
}
