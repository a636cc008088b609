import { isValid, type Operation, operationIds, operations } from '@unkey-ts/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  APIError,
  BadRequestErrorResponse,
  ForbiddenErrorResponse,
  InternalServerErrorResponse,
  NotFoundErrorResponse,
  type ResponseBody,
  TooManyRequestsErrorResponse,
  UnauthorizedErrorResponse,
  Unkey,
  type UnkeyError,
} from '../../packages/sdk/src/index.ts';
import { type Arranged, arrange, type ClientOperation, calls } from '../clients/unkey-api-calls.ts';
import { type Service, startService } from '../service.ts';
import { failureOf } from './failure-of.ts';

/** Every operation through its typed method, against the real service, with requests written for `@unkey/api`. */

const ids = Object.keys(calls) as ClientOperation[];

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const clientWith = (rootKey: string): Unkey => new Unkey({ rootKey, serverURL: service.url, retry: false });

async function newWorld(): Promise<{ unkey: Unkey; arranged: Arranged; workspaceId: string }> {
  const { workspaceId, rootKey } = await service.newWorkspace();
  const unkey = clientWith(rootKey);
  const { storage, ids: made } = service.app.services;
  const migrationId = made.id('migration');
  const now = service.clock.now();
  const migration = { id: migrationId, name: 'tests', algorithm: 'sha256' as const, createdAt: now };
  await storage.write((store) => store.migrations.create(workspaceId, migration));
  // It is written for another client, and does not notice.
  return { unkey, workspaceId, arranged: await arrange(unkey as never, { now, migrationId }) };
}

/** Through the method, as a user calls it. */
function callBy(unkey: Unkey, id: ClientOperation, request: unknown): PromiseLike<ResponseBody<unknown>> {
  const [resource, method] = id.split('.') as [keyof Unkey, string];
  const methods = unkey[resource] as unknown as Record<
    string,
    (request: unknown) => PromiseLike<ResponseBody<unknown>>
  >;
  const call = methods[method];
  if (call === undefined) throw new Error(`There is no method ${id}.`);
  return call(request);
}

const requestOf = (id: ClientOperation, arranged: Arranged): unknown =>
  (calls[id].request as (arranged: Arranged) => unknown)(arranged);

test('every operation of the contract has a method and is called here, liveness apart', () => {
  expect([...ids, 'liveness'].toSorted()).toEqual([...operationIds].toSorted());
});

describe('what the contract promises comes back from', () => {
  test.each(ids)('%s', async (id) => {
    const { unkey, arranged } = await newWorld();
    const answer = await callBy(unkey, id, requestOf(id, arranged));
    const { output, isPaged } = operations[id] as Operation;
    expect(answer.meta.requestId).toMatch(/^req_[a-zA-Z0-9]+$/);
    if (output === null) expect(answer).not.toHaveProperty('data');
    else expect(isValid(output, answer.data)).toBe(true);
    const data = calls[id].data as ((arranged: Arranged) => unknown) | undefined;
    if (data) expect(answer.data).toEqual(data(arranged));
    if (isPaged) expect(answer).toMatchObject({ pagination: { hasMore: false } });
  });

  test('liveness, without a permission', async () => {
    const { workspaceId } = await service.newWorkspace();
    const { key } = await service.newRootKey(workspaceId, []);
    const { data } = await clientWith(key).liveness();
    expect(isValid(operations.liveness.output, data)).toBe(true);
  });
});

describe('each refusal has its class, its code and the detail as its message:', () => {
  test.each(ids)('400, 401, 403 or 404, 429 of %s', async (id) => {
    const { unkey, arranged, workspaceId } = await newWorld();

    const malformed = await failureOf(callBy(unkey, id, calls[id].malformed));
    expect(malformed).toBeInstanceOf(BadRequestErrorResponse);
    expect(malformed).toMatchObject({ status: 400, code: 'invalid_input', operation: id, attempts: 1 });
    expect(malformed.errors[0]?.location).toMatch(/^body/);
    expect(malformed.message).toBe(malformed.error?.detail);
    expect(malformed.requestId).toBe(malformed.meta?.requestId);

    const unknown = await failureOf(callBy(clientWith('not_a_root_key'), id, requestOf(id, arranged)));
    expect(unknown).toBeInstanceOf(UnauthorizedErrorResponse);
    expect(unknown).toMatchObject({ status: 401, code: 'key_not_found', retryable: false });

    const { key } = await service.newRootKey(workspaceId, []);
    const result = await Promise.resolve(callBy(clientWith(key), id, requestOf(id, arranged))).catch(
      (error: unknown) => error,
    );
    // A key that may not be verified looks like one that does not exist, and that is an answer.
    if (id === 'keys.verifyKey') expect(result).toMatchObject({ data: { code: 'NOT_FOUND' } });
    else if ((result as UnkeyError).status === 404) expect(result).toBeInstanceOf(NotFoundErrorResponse);
    else expect(result).toBeInstanceOf(ForbiddenErrorResponse);

    await service.app.services.storage.write((store) =>
      store.workspaces.update(workspaceId, { requestsPerMinute: 0 }),
    );
    const limited = await failureOf(callBy(unkey, id, requestOf(id, arranged)));
    expect(limited).toBeInstanceOf(TooManyRequestsErrorResponse);
    expect(limited).toMatchObject({ status: 429, code: 'workspace_rate_limited', retryable: true });
  });
});

test('500 of every operation, when the storage is gone', async () => {
  const { arranged } = await newWorld();
  const broken = await startService();
  const id = 'apis.getApi';
  const { key } = await broken.newRootKey(broken.workspaceId, ['api.*.read_api']);
  await broken.app.services.storage.close();
  try {
    const unkey = new Unkey({ rootKey: key, serverURL: broken.url, retry: false });
    for (const each of ids) {
      const error = await failureOf(callBy(unkey, each, requestOf(each, arranged)));
      expect(error).toBeInstanceOf(InternalServerErrorResponse);
      expect(error).toBeInstanceOf(APIError);
      expect(error).toMatchObject({ status: 500, code: 'unexpected_error', retryable: true });
    }
    const retried = new Unkey({ rootKey: key, serverURL: broken.url, retry: { initialIntervalMs: 0 } });
    expect(await failureOf(callBy(retried, id, requestOf(id, arranged)))).toMatchObject({ attempts: 3 });
  } finally {
    // The storage cannot be closed again, and says so.
    await broken.close().catch(() => undefined);
  }
});
