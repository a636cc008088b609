import { isValid, type Operation, type OperationId, operationIds, operations } from '@unkey-ts/contract';
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
import { makeMigration } from '../api/migrations.ts';
import { newWorld as newApiWorld } from '../api/scenario.ts';
import { arrangeSuccess } from '../api/successful-call.ts';
import { type Arranged, arrange, type ClientOperation, calls } from '../clients/unkey-api-calls.ts';
import { type Service, startService } from '../service.ts';
import { failureOf } from './failure-of.ts';

/** Every operation through its typed method, against the real service. */

type Id = Exclude<OperationId, 'liveness'>;

const ids = operationIds.filter((id): id is Id => id !== 'liveness');

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const clientWith = (rootKey: string): Unkey => new Unkey({ rootKey, serverURL: service.url, retry: false });

interface World {
  readonly unkey: Unkey;
  readonly workspaceId: string;
  /** A request that succeeds in the prepared workspace. */
  readonly request: unknown;
  /** The expected data, if the case has one. */
  readonly data: unknown;
}

/** The requests are those of the tests of `@unkey/api`; for an operation that it lacks, one of `tests/api`. */
async function newWorld(id: Id): Promise<World> {
  const world = await newApiWorld(service);
  const { workspaceId, rootKey } = world;
  const unkey = clientWith(rootKey);
  const call = callOf(id);
  if (call === undefined) {
    return { unkey, workspaceId, request: await arrangeSuccess(id, world), data: undefined };
  }
  const migrationId = await makeMigration(world, 'sha256');
  // It is written for the types of another client, which has the same methods.
  const arranged = await arrange(unkey as never, { now: service.clock.now(), migrationId });
  return { unkey, workspaceId, request: call.request(arranged), data: call.data?.(arranged) };
}

interface AnyCall {
  readonly request: (arranged: Arranged) => unknown;
  readonly data?: (arranged: Arranged) => unknown;
  readonly malformed: unknown;
}

function callOf(id: Id): AnyCall | undefined {
  return id in calls ? (calls[id as ClientOperation] as AnyCall) : undefined;
}

/** Through the method, as users call it. */
function callBy(unkey: Unkey, id: Id, request: unknown): PromiseLike<ResponseBody<unknown>> {
  const [resource, method] = id.split('.') as [keyof Unkey, string];
  const methods = unkey[resource] as unknown as Record<
    string,
    (request: unknown) => PromiseLike<ResponseBody<unknown>>
  >;
  const call = methods[method];
  if (call === undefined) throw new Error(`There is no method ${id}.`);
  return call(request);
}

describe('the response has the type of the contract:', () => {
  test.each(ids)('%s', async (id) => {
    const { unkey, request, data } = await newWorld(id);
    const response = await callBy(unkey, id, request);
    const { output, isPaged } = operations[id] as Operation;
    expect(response.meta.requestId).toMatch(/^req_[a-zA-Z0-9]+$/);
    if (output === null) expect(response).not.toHaveProperty('data');
    else expect(isValid(output, response.data)).toBe(true);
    if (data !== undefined) expect(response.data).toEqual(data);
    if (isPaged) expect(response).toMatchObject({ pagination: { hasMore: false } });
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
    const { unkey, request, workspaceId } = await newWorld(id);

    const malformed = await failureOf(callBy(unkey, id, callOf(id)?.malformed ?? { surplus: true }));
    expect(malformed).toBeInstanceOf(BadRequestErrorResponse);
    expect(malformed).toMatchObject({ status: 400, code: 'invalid_input', operation: id, attempts: 1 });
    expect(malformed.errors[0]?.location).toMatch(/^body/);
    expect(malformed.message).toBe(malformed.error?.detail);
    expect(malformed.requestId).toBe(malformed.meta?.requestId);

    const unknown = await failureOf(callBy(clientWith('not_a_root_key'), id, request));
    expect(unknown).toBeInstanceOf(UnauthorizedErrorResponse);
    expect(unknown).toMatchObject({ status: 401, code: 'key_not_found', retryable: false });

    const { key } = await service.newRootKey(workspaceId, []);
    const result = await Promise.resolve(callBy(clientWith(key), id, request)).catch(
      (error: unknown) => error,
    );
    // A key without the permission to verify it looks like an unknown key: a result, not an error.
    if (id === 'keys.verifyKey') expect(result).toMatchObject({ data: { code: 'NOT_FOUND' } });
    else if ((result as UnkeyError).status === 404) expect(result).toBeInstanceOf(NotFoundErrorResponse);
    else expect(result).toBeInstanceOf(ForbiddenErrorResponse);

    await service.app.services.storage.write((store) =>
      store.workspaces.update(workspaceId, { requestsPerMinute: 0 }),
    );
    const limited = await failureOf(callBy(unkey, id, request));
    expect(limited).toBeInstanceOf(TooManyRequestsErrorResponse);
    expect(limited).toMatchObject({ status: 429, code: 'workspace_rate_limited', retryable: true });
  });
});

test('500 of every operation, when the storage is closed', async () => {
  const broken = await startService();
  const id = 'apis.getApi';
  const { key } = await broken.newRootKey(broken.workspaceId, ['api.*.read_api']);
  await broken.app.services.storage.close();
  try {
    const unkey = new Unkey({ rootKey: key, serverURL: broken.url, retry: false });
    for (const each of ids) {
      const error = await failureOf(callBy(unkey, each, operations[each].example.request));
      expect(error).toBeInstanceOf(InternalServerErrorResponse);
      expect(error).toBeInstanceOf(APIError);
      expect(error).toMatchObject({ status: 500, code: 'unexpected_error', retryable: true });
    }
    const retried = new Unkey({ rootKey: key, serverURL: broken.url, retry: { initialIntervalMs: 0 } });
    expect(await failureOf(callBy(retried, id, operations[id].example.request))).toMatchObject({
      attempts: 3,
    });
  } finally {
    // Closing the storage a second time throws.
    await broken.close().catch(() => undefined);
  }
});
