import { operationIds } from '@unkey-ts/contract';
import { afterAll, describe, expect, expectTypeOf, test } from 'vitest';
import * as functions from '../../packages/sdk/src/functions/index.ts';
import {
  Core,
  createKey,
  limit,
  listKeys,
  liveness,
  verifyKey,
} from '../../packages/sdk/src/functions/index.ts';
import {
  APIError,
  ConfigurationError,
  NotFoundErrorResponse,
  Unkey,
  UnkeyCore,
} from '../../packages/sdk/src/index.ts';
import { failureOf } from './failure-of.ts';
import { ok, page, refusal, reset, startPeer } from './scripted-peer.ts';

const peer = await startPeer();
afterAll(() => peer.close());

const options = () => ({ rootKey: 'root_key', serverURL: peer.url, retry: { initialIntervalMs: 0 } });

type AnyFunction = (caller: functions.Caller, ...params: unknown[]) => PromiseLike<unknown>;

const functionOf = (id: string): AnyFunction =>
  (functions as unknown as Record<string, AnyFunction>)[id.replace(/.*\./, '')] as AnyFunction;

describe('a function sends what the method sends:', () => {
  test.each(operationIds)('%s', async (id) => {
    const unkey = new Unkey(options());
    const [resource, name] = id.split('.');
    const params = id === 'liveness' ? [] : [{ some: 'body' }];
    peer.plays(ok([]));
    const owner = (name ? unkey[resource as keyof Unkey] : unkey) as unknown as Record<string, AnyFunction>;
    await failureOrValue(owner[name ?? id]?.(...(params as [never])));
    for (const caller of [new Core(options()), new UnkeyCore(options()), unkey]) {
      await failureOrValue(functionOf(id)(caller, ...params));
    }
    const [first, ...others] = peer.requests.map(({ method, path, body }) => ({ method, path, body }));
    expect(others).toEqual([first, first, first]);
    const keys = peer.requests.map(({ headers }) => headers['idempotency-key'] !== undefined);
    expect(new Set(keys).size).toBe(1);
  });

  test.each(operationIds)('%s is retried as the method is', async (id) => {
    const params = id === 'liveness' ? [] : [{ some: 'body' }];
    const counts: number[] = [];
    for (const caller of [new Core(options()), new Unkey(options())]) {
      peer.plays(reset);
      await failureOf(functionOf(id)(caller, ...params));
      counts.push(peer.requests.length);
    }
    expect(counts[0]).toBe(counts[1]);
  });
});

async function failureOrValue(call: PromiseLike<unknown> | undefined): Promise<void> {
  // The responses of the peer do not fit every operation.
  await Promise.resolve(call).catch(() => undefined);
}

test('a list is iterated item by item', async () => {
  const pages = [
    page([{ keyId: 'one' }], { hasMore: true, cursor: 'next' }),
    page([{ keyId: 'two' }], { hasMore: false }),
  ] as const;
  peer.plays(...pages);
  const found: string[] = [];
  for await (const { keyId } of listKeys(new Core(options()), { apiId: 'api_1' })) found.push(keyId);
  expect(found).toEqual(['one', 'two']);
  expect(peer.bodies()).toEqual([{ apiId: 'api_1' }, { apiId: 'api_1', cursor: 'next' }]);
});

test('a creation carries one generated idempotency key, or that of the caller', async () => {
  peer.plays(reset, ok({ key: 'k', keyId: 'key_1' }));
  await createKey(new Core(options()), { apiId: 'api_1' });
  const [first, second] = peer.requests.map(({ headers }) => headers['idempotency-key']);
  expect(first).toMatch(/^\d+(-\d+){3}$/);
  expect(second).toBe(first);
  peer.plays(ok({ key: 'k', keyId: 'key_1' }));
  for (const idempotencyKey of ['mine', undefined]) {
    await createKey(new Core(options()), { apiId: 'api_1' }, { idempotencyKey });
  }
  const sent = peer.requests.map(({ headers }) => headers['idempotency-key']);
  expect(sent).toEqual(['mine', expect.stringMatching(/^\d+(-\d+){3}$/)]);
});

test('errors are those of the client', async () => {
  peer.plays(refusal(404));
  const error = await failureOf(verifyKey(new Core(options()), { key: 'k' }));
  expect(error).toBeInstanceOf(APIError);
  expect(error).toBeInstanceOf(NotFoundErrorResponse);
  expect(error).toMatchObject({ operation: 'keys.verifyKey', attempts: 1 });
  expect(() => new Core({ serverUrl: peer.url } as object)).toThrow(ConfigurationError);
  expect(() => new Core({ serverURL: 'nowhere' })).toThrow(ConfigurationError);
});

test('a double with `request` is enough', async () => {
  const seen: unknown[] = [];
  const double = {
    request: async (operation: string, body: unknown) => {
      seen.push([operation, body]);
      return { meta: { requestId: 'r' }, data: { valid: true, code: 'VALID', keyId: 'key_1' } };
    },
  };
  const { data } = await verifyKey(double, { key: 'k' });
  expect(data.code).toBe('VALID');
  expect(seen).toEqual([['keys.verifyKey', { key: 'k' }]]);
});

test('the types are those of the methods', () => {
  const compiles = async () => {
    const core = new Core();
    const { data } = await verifyKey(core, { key: 'k' });
    if (data.valid) expectTypeOf(data.code).toEqualTypeOf<'VALID'>();
    // @ts-expect-error a key is a string
    verifyKey(core, { key: 5 });
    // @ts-expect-error the request is missing
    limit(core);
    expectTypeOf((await liveness(core)).data.message).toBeString();
  };
  expect(compiles).toBeTypeOf('function');
});
