import {
  type ErrorCode,
  maxBodyBytesOf,
  type Operation,
  type OperationId,
  operationIds,
  operations,
} from '@unkey-ts/contract';
import type { Workspace } from '@unkey-ts/server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CallOptions, post, type Reply, type Service, startService } from '../service.ts';
import { expectError, locationsOf } from './expect-error.ts';
import { requestText, sendRaw } from './raw-request.ts';
import { expectContract } from './scenario.ts';

/** The common behaviour of all operations with a root key, with the contract's example as the body. */

const guarded = operationIds.filter((id) => operations[id].access !== 'public');
const oneTooMany = 10 * 1024 * 1024 + 1;

let service: Service;
let rootKey: string;

beforeAll(async () => {
  service = await startService();
  rootKey = (await service.newWorkspace()).rootKey;
});
afterAll(() => service.close());

/** One test for each operation. */
function everyOperation(fact: string, hold: (id: OperationId, body: unknown) => Promise<void>): void {
  describe(fact, () => {
    test.each(guarded)('%s', (id) => hold(id, operations[id].example.request));
  });
}

/** Without root key, unless the options have one. */
function call(id: OperationId, body: unknown, options: CallOptions = {}): Promise<Reply> {
  return post(`${service.url}/v2/${id}`, body, options);
}

function asAnyone(id: OperationId): Operation {
  return operations[id];
}

describe('authentication', () => {
  everyOperation('400 without an Authorization header, whatever the body', async (id, body) => {
    for (const sent of [body, 'no json']) {
      const reply = await call(id, sent);
      expectError(reply, 'unkey/application/invalid_input', 'header.authorization');
    }
  });

  everyOperation('400 with an empty Authorization header', async (id, body) => {
    const reply = await call(id, body, { headers: { authorization: '' } });
    expectError(reply, 'unkey/application/invalid_input', 'header.authorization');
  });

  everyOperation('400 with an Authorization header that has no bearer', async (id, body) => {
    for (const authorization of ['Basic dXNlcjpwYXNz', 'Bearer', 'Bearer   ', rootKey, 'Bearers x']) {
      expectError(await call(id, body, { headers: { authorization } }), 'unkey/authentication/malformed');
    }
  });

  everyOperation('a cookie stands in for nothing', async (id, body) => {
    const reply = await call(id, body, { headers: { cookie: `portal_session=${rootKey}` } });
    expectError(reply, 'unkey/application/invalid_input', 'header.authorization');
  });

  everyOperation('the scheme counts in any case, with blanks around the root key', async (id, body) => {
    const plain = await call(id, body, { rootKey: await freshRootKey() });
    for (const scheme of ['bearer', 'BEARER', '  Bearer  ']) {
      const authorization = `${scheme} ${await freshRootKey()}  `;
      const bytes = requestText({
        path: `/v2/${id}`,
        headers: { authorization },
        body: JSON.stringify(body),
      });
      expect(await sendRaw(service.url, bytes)).toMatchObject({ status: plain.status });
      expect([400, 401]).not.toContain(plain.status);
    }
  });

  everyOperation('401 for a root key that nobody made, and for garbage', async (id, body) => {
    for (const unknown of ['unkey_3ZK5aGxMyQX8qeJvBGU', 'garbage', "' OR 1=1 --", 'Bearer x']) {
      expectError(await call(id, body, { rootKey: unknown }), 'unkey/authentication/key_not_found');
    }
  });

  test('401 for an API key', async () => {
    const { apiId } = (await call('apis.createApi', { name: 'demo' }, { rootKey })).body.data;
    const made = await call('keys.createKey', { apiId, permissions: ['api.*.read_api'] }, { rootKey });
    const { key } = made.body.data;
    for (const id of guarded) {
      const reply = await call(id, operations[id].example.request, { rootKey: key });
      expectError(reply, 'unkey/authentication/key_not_found');
    }
  });

  test.each<[string, ErrorCode, (rootKeyId: string, workspaceId: string) => Promise<unknown>]>([
    ['disabled', 'unkey/authorization/key_disabled', (id) => write((s) => s.rootKeys.setEnabled(id, false))],
    ['deleted', 'unkey/authentication/key_not_found', (id) => write((s) => s.rootKeys.delete(id, 1))],
    [
      'of a disabled workspace',
      'unkey/authorization/workspace_disabled',
      (_id, workspaceId) => write((s) => s.workspaces.update(workspaceId, { isEnabled: false })),
    ],
  ])('a root key that is %s is refused from the next request on', async (_what, code, change) => {
    const { workspaceId } = await service.newWorkspace();
    const made = await service.newRootKey(workspaceId, ['identity.*.read_identity']);
    const before = await call('identities.listIdentities', {}, { rootKey: made.key });
    expect(before.status).toBe(200);
    await change(made.rootKeyId, workspaceId);
    for (const id of guarded) {
      expectError(await call(id, operations[id].example.request, { rootKey: made.key }), code);
    }
  });

  test('an expired root key is refused, and works until then', async () => {
    const { workspaceId } = await service.newWorkspace();
    const { key } = await service.newRootKey(workspaceId, [], service.clock.now() + 1000);
    expect((await call('identities.listIdentities', {}, { rootKey: key })).status).toBe(200);
    service.clock.advance(999);
    expect((await call('identities.listIdentities', {}, { rootKey: key })).status).toBe(200);
    service.clock.advance(1);
    for (const id of guarded) {
      const reply = await call(id, operations[id].example.request, { rootKey: key });
      expectError(reply, 'unkey/authorization/forbidden');
    }
  });

  test('404 for a root key of a workspace that does not exist', async () => {
    const { key } = await service.newRootKey('ws_nowhere', []);
    for (const id of guarded) {
      const reply = await call(id, operations[id].example.request, { rootKey: key });
      expectError(reply, 'unkey/data/workspace_not_found');
    }
  });

  everyOperation('without permission nothing is revealed or done', async (id, body) => {
    const { workspaceId } = await service.newWorkspace();
    const { key } = await service.newRootKey(workspaceId, []);
    const reply = await call(id, body, { rootKey: key });
    expectContract(id, reply);
    // The workspace is empty: an operation that locates before it authorises finds nothing.
    if (reply.status === 200) expect(reply.body.data).toEqual(emptyDataOf(id));
    else expect([403, 404]).toContain(reply.status);
    const audited = await service.app.services.storage.read((store) =>
      store.audit.list({ since: 0, workspaceId, limit: 10 }),
    );
    expect(audited).toEqual([]);
  });
});

describe('methods and paths', () => {
  everyOperation('405 names the method that is allowed', async (id) => {
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      const reply = await sendRaw(service.url, requestText({ method, path: `/v2/${id}` }));
      expectError(reply, 'unkey/routing/method_not_allowed');
      expect(reply).toMatchObject({ headers: expect.any(Headers) });
      if (reply !== 'closed') expect(reply.headers.get('allow')).toBe('POST');
    }
  });

  everyOperation('404 for a path that differs in anything', async (id, body) => {
    const [resource = '', name = ''] = id.split('.');
    const paths = [
      `/v2/${id}/`,
      `/v2//${id}`,
      `//v2/${id}`,
      `/v2/${id.toUpperCase()}`,
      `/V2/${id}`,
      `/v1/${id}`,
      `/v2/${resource}/${name}`,
      `/v2/${id}%20`,
      `/v2/./${id}`,
      `/v2/x/../${id}`,
      `/${id}`,
    ];
    for (const path of paths) {
      const headers = { authorization: `Bearer ${rootKey}` };
      const reply = await sendRaw(service.url, requestText({ path, headers, body: JSON.stringify(body) }));
      expectError(reply, 'unkey/routing/route_not_found');
    }
  });

  everyOperation('a query string changes nothing', async (id, body) => {
    const plain = await call(id, body, { rootKey: await freshRootKey() });
    const url = `${service.url}/v2/${id}?limit=0&body=x`;
    expect((await post(url, body, { rootKey: await freshRootKey() })).status).toBe(plain.status);
  });

  test('liveness responds without root key, and only to GET', async () => {
    const reply = await fetch(`${service.url}/v2/liveness`);
    expect(reply.status).toBe(200);
    expect(await reply.json()).toMatchObject({ data: { message: 'OK' } });
    const posted = await post(`${service.url}/v2/liveness`, {});
    expectError(posted, 'unkey/routing/method_not_allowed');
    expect(posted.headers.get('allow')).toBe('GET, HEAD');
  });
});

describe('request bodies', () => {
  everyOperation(
    '400 for a missing or another content type, before the body is looked at',
    async (id, body) => {
      const types = [
        'text/plain',
        'application/problem+json',
        'application/x-www-form-urlencoded',
        'json',
        '',
      ];
      for (const type of types) {
        for (const sent of [body, 'no json']) {
          const reply = await call(id, sent, { rootKey, headers: { 'content-type': type } });
          expectError(reply, 'unkey/application/invalid_input', 'header.content-type');
        }
      }
      const bytes = [
        `POST /v2/${id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${rootKey}\r\nContent-Length: 2\r\n\r\n{}`,
      ];
      const reply = await sendRaw(service.url, bytes);
      expectError(reply, 'unkey/application/invalid_input', 'header.content-type');
    },
  );

  everyOperation('parameters and case of the content type do not matter', async (id, body) => {
    const plain = await call(id, body, { rootKey: await freshRootKey() });
    for (const type of ['application/json; charset=utf-8', 'Application/JSON', ' application/json ;x=y']) {
      const options = { rootKey: await freshRootKey(), headers: { 'content-type': type } };
      expect((await call(id, body, options)).status).toBe(plain.status);
    }
  });

  everyOperation('400 for a body that is empty or not JSON', async (id) => {
    for (const sent of ['', ' ', '{', '{"a":1', 'undefined', "{'a':1}", '{"a":1}}', 'NaN', '<xml/>']) {
      expectError(await call(id, sent, { rootKey }), 'unkey/application/invalid_input', 'body');
    }
  });

  everyOperation('400 for a body of another type', async (id) => {
    const wrong = [null, true, 1, 'text', id === 'ratelimit.multiLimit' ? {} : []];
    for (const body of wrong) {
      const reply = await call(id, JSON.stringify(body), { rootKey });
      expectError(reply, 'unkey/application/invalid_input', 'body');
    }
  });

  everyOperation('the body is checked before the root key', async (id) => {
    for (const authorization of ['Bearer unknown', 'Basic x']) {
      const reply = await call(id, 'null', { headers: { authorization } });
      expectError(reply, 'unkey/application/invalid_input', 'body');
    }
  });

  everyOperation('every place that is wrong is named', async (id) => {
    // The schema as JSON: its type here does not list the keywords.
    const { input } = asAnyone(id) as { input: ObjectSchema & { items?: ObjectSchema } };
    const isList = input.items !== undefined;
    const { required = [], additionalProperties } = input.items ?? input;
    const place = isList ? 'body[0]' : 'body';
    const reply = await call(id, isList ? [{ surplus: 1 }] : { surplus: 1 }, { rootKey });
    if (required.length === 0 && additionalProperties !== false) throw new Error('Nothing is wrong with it.');
    expectError(reply, 'unkey/application/invalid_input');
    expect(locationsOf(reply.body).sort()).toEqual(
      [
        ...required.map((name) => `${place}.${name}`),
        ...(additionalProperties === false ? [`${place}.surplus`] : []),
      ].sort(),
    );
  });

  everyOperation('413 for a body above its maximum, as soon as its length is declared', async (id) => {
    const headers = {
      'content-length': String(maxBodyBytesOf(operations[id]) + 1),
      authorization: `Bearer ${rootKey}`,
    };
    const reply = await sendRaw(service.url, requestText({ path: `/v2/${id}`, headers }));
    expectError(reply, 'user/bad_request/request_body_too_large');
  });

  test.each<OperationId>(['apis.getApi', 'apis.createApi', 'keys.verifyKey', 'keys.createKey'])(
    '413 for a body above its maximum that comes in chunks to %s',
    async (id) => {
      const head = `POST /v2/${id} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nAuthorization: Bearer ${rootKey}\r\n\r\n`;
      const chunk = `100000\r\n${' '.repeat(0x100000)}\r\n`;
      const reply = await sendRaw(service.url, [head, ...Array.from({ length: 11 }, () => chunk)]);
      expectError(reply, 'user/bad_request/request_body_too_large');
    },
  );

  everyOperation('a body above 64 kB is not read from a sender without a valid root key', async (id) => {
    const length = { 'content-length': '65537' };
    const send = (headers: Record<string, string>) =>
      sendRaw(service.url, requestText({ path: `/v2/${id}`, headers: { ...length, ...headers } }));
    expectError(await send({}), 'unkey/application/invalid_input', 'header.authorization');
    expectError(await send({ authorization: 'none' }), 'unkey/authentication/malformed');
    expectError(await send({ authorization: 'Bearer unknown' }), 'unkey/authentication/key_not_found');
  });

  everyOperation('nor is one that comes in chunks, all at once', async (id) => {
    const head = `POST /v2/${id} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n`;
    const body = `10001\r\n${' '.repeat(0x10001)}\r\n0\r\n\r\n`;
    const reply = await sendRaw(service.url, `${head}Authorization: Bearer unknown\r\n\r\n${body}`);
    expectError(reply, 'unkey/authentication/key_not_found');
  });

  test('a body of exactly 10 MiB is read', async () => {
    const empty = JSON.stringify({ externalId: 'wide', note: '' });
    const body = JSON.stringify({ externalId: 'wide', note: 'x'.repeat(oneTooMany - 1 - empty.length) });
    expect((await call('identities.createIdentity', body, { rootKey })).status).toBe(200);
  });
});

describe('responses', () => {
  test('every response has an id of its own, never the one of the client', async () => {
    const ids = new Set<string>();
    for (const id of guarded) {
      for (const options of [{ rootKey }, {}, { rootKey: 'unknown' }]) {
        const headers = { 'x-request-id': 'req_mine' };
        const reply = await call(id, operations[id].example.request, { ...options, headers });
        expect(reply.headers.get('x-request-id')).toBe(reply.body.meta.requestId);
        ids.add(reply.body.meta.requestId);
      }
    }
    expect(ids.size).toBe(guarded.length * 3);
    expect(ids).not.toContain('req_mine');
  });

  everyOperation('an error is problem+json only when Accept names it', async (id, body) => {
    const types: Record<string, string> = {
      'application/problem+json': 'application/problem+json',
      'text/html, application/problem+json;q=0.5': 'application/problem+json',
      'Application/Problem+JSON': 'application/problem+json',
      'application/json': 'application/json',
      '*/*': 'application/json',
      'application/*': 'application/json',
      'application/problem+xml': 'application/json',
    };
    for (const [accept, type] of Object.entries(types)) {
      const headers = { accept };
      const replies = [
        await call(id, body, { headers }),
        await call(id, 'null', { rootKey, headers }),
        await call(id, body, { rootKey: 'unknown', headers }),
        await post(`${service.url}/v2/${id}/`, body, { headers }),
      ];
      for (const reply of replies) expect(reply.headers.get('content-type')).toBe(type);
    }
  });

  test('413, 405 and 429 are problem+json, too, and successful responses never are', async () => {
    const accept = 'application/problem+json';
    const replies = [
      await sendRaw(
        service.url,
        requestText({
          path: '/v2/apis.getApi',
          headers: { accept, authorization: `Bearer ${rootKey}`, 'content-length': String(oneTooMany) },
        }),
      ),
      await sendRaw(
        service.url,
        requestText({ method: 'PUT', path: '/v2/apis.getApi', headers: { accept } }),
      ),
      await call('identities.listIdentities', {}, { rootKey: await limitedTo(0), headers: { accept } }),
    ];
    for (const reply of replies) {
      if (reply === 'closed') throw new Error('closed');
      expect(reply.headers.get('content-type')).toBe(accept);
    }
    const fine = await call('identities.listIdentities', {}, { rootKey, headers: { accept } });
    expect(fine.headers.get('content-type')).toBe('application/json');
  });
});

describe("the workspace's limit", () => {
  everyOperation('the call after the last is refused until the minute is over', async (id, body) => {
    const key = await limitedTo(1);
    const first = await call(id, body, { rootKey: key });
    expect(first.status).not.toBe(429);
    expect(limitHeaders(first)).toEqual({
      limit: '1',
      remaining: '0',
      reset: expect.stringMatching(/^\d+$/),
    });
    const second = await call(id, body, { rootKey: key });
    expectError(second, 'user/too_many_requests/workspace_rate_limited');
    expect(limitHeaders(second)).toEqual({
      ...limitHeaders(first),
      retryAfter: limitHeaders(first).reset,
    });
  });

  everyOperation('a limit of 0 refuses all, without headers', async (id, body) => {
    const reply = await call(id, body, { rootKey: await limitedTo(0) });
    expectError(reply, 'user/too_many_requests/workspace_rate_limited');
    expect(limitHeaders(reply)).toEqual({});
  });

  everyOperation('without limit there are no headers', async (id, body) => {
    expect(limitHeaders(await call(id, body, { rootKey: await freshRootKey() }))).toEqual({});
  });

  test('it is shared by all operations and root keys of a workspace, and slides', async () => {
    const start = Math.ceil(service.clock.now() / 60_000) * 60_000;
    service.clock.set(start);
    const { workspaceId, rootKey: first } = await service.newWorkspace();
    await write((store) => store.workspaces.update(workspaceId, { requestsPerMinute: 4 }));
    const { key: second } = await service.newRootKey(workspaceId, []);
    const list = (key: string) => call('identities.listIdentities', {}, { rootKey: key });
    expect(limitHeaders(await list(first))).toEqual({ limit: '4', remaining: '3', reset: '60' });
    expect(limitHeaders(await list(second)).remaining).toBe('2');
    const missing = await call('apis.getApi', { apiId: 'api_12345678' }, { rootKey: first });
    expect(missing.status).toBe(404);
    expect(limitHeaders(missing).remaining).toBe('1');
    expect((await call('apis.getApi', {}, { rootKey: first })).status).toBe(400);
    expect(limitHeaders(await list(first)).remaining).toBe('0');
    expect(limitHeaders(await list(second))).toEqual({
      limit: '4',
      remaining: '0',
      reset: '60',
      retryAfter: '60',
    });
    service.clock.set(start + 90_500);
    // floor(4 × (1 − 30.5 / 60)) = 1
    expect(limitHeaders(await list(first))).toEqual({ limit: '4', remaining: '2', reset: '30' });
    await write((store) => store.workspaces.update(workspaceId, { requestsPerMinute: null }));
    expect(limitHeaders(await list(first))).toEqual({});
  });
});

describe('when the service fails', () => {
  test('408 when the storage does not respond in time', async () => {
    const slow = await startService({ timeoutMs: 50 });
    const { storage } = slow.app.services;
    const { findCaller } = storage;
    try {
      Object.assign(storage, { findCaller: () => new Promise(() => {}) });
      const replies = await Promise.all(guarded.map((id) => slow.call(id, operations[id].example.request)));
      for (const reply of replies) {
        expectError(reply, 'user/bad_request/request_timeout');
        expect(reply.body.error.errors).toEqual([]);
      }
    } finally {
      Object.assign(storage, { findCaller });
      await slow.close();
    }
  });

  test('500 names the request and reveals nothing of the cause', async () => {
    const broken = await startService();
    await broken.call('identities.listIdentities', {});
    const { storage } = broken.app.services;
    await storage.close();
    try {
      for (const id of guarded) {
        const reply = await broken.call(id, operations[id].example.request);
        expectError(reply, 'unkey/application/unexpected_error');
        expect(reply.body.error.detail).toContain(reply.body.meta.requestId);
        expect(JSON.stringify(reply.body)).not.toMatch(/database|sqlite|\.ts/i);
      }
      const live = await fetch(`${broken.url}/v2/liveness`);
      expect(live.status).toBe(200);
    } finally {
      Object.assign(storage, { close: async () => {} });
      await broken.close();
    }
  });
});

/** The 200 response for a caller without permission: an empty page, or the masked result. */
function emptyDataOf(id: OperationId): unknown {
  return asAnyone(id).isPaged ? [] : { valid: false, code: 'NOT_FOUND' };
}

interface ObjectSchema {
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
}

type Store = Parameters<Parameters<Service['app']['services']['storage']['write']>[0]>[0];

function write<Result>(work: (store: Store) => Promise<Result>): Promise<Result> {
  return service.app.services.storage.write(work);
}

/** Of a new workspace, unaffected by earlier calls. */
async function freshRootKey(): Promise<string> {
  return (await service.newWorkspace()).rootKey;
}

/** A root key of a new workspace with this limit of requests a minute. */
async function limitedTo(requestsPerMinute: Workspace['requestsPerMinute']): Promise<string> {
  const made = await service.newWorkspace();
  await write((store) => store.workspaces.update(made.workspaceId, { requestsPerMinute }));
  return made.rootKey;
}

/** Those that exist. */
function limitHeaders({ headers }: Reply) {
  const named = {
    limit: headers.get('ratelimit-limit'),
    remaining: headers.get('ratelimit-remaining'),
    reset: headers.get('ratelimit-reset'),
    retryAfter: headers.get('retry-after'),
  };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== null)) as Partial<
    Record<keyof typeof named, string>
  >;
}
