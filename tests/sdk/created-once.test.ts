import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CreateKeyData, type ResponseBody, Unkey, UnkeyError } from '../../packages/sdk/src/index.ts';
import { type Service, startService } from '../service.ts';
import { type Cut, type CuttingProxy, startCuttingProxy } from './cutting-proxy.ts';

/** The real client, the real service, and a network between them that loses connections. */

let service: Service;
let proxy: CuttingProxy;
beforeAll(async () => {
  service = await startService();
  proxy = await startCuttingProxy(service.url);
});
afterAll(async () => {
  await proxy.close();
  await service.close();
});

const through = (maxAttempts: number): Unkey =>
  new Unkey({
    rootKey: service.rootKey,
    serverURL: proxy.url,
    retry: { maxAttempts, initialIntervalMs: 0 },
    // Every attempt gets a cut of its own, so connections are not reused.
    headers: { connection: 'close' },
  });
const direct = (): Unkey => new Unkey({ rootKey: service.rootKey, serverURL: service.url });

const newApi = async (): Promise<string> => (await direct().apis.createApi({ name: 'once' })).data.apiId;
const keysOf = (apiId: string): Promise<{ keyId: string }[]> => direct().apis.listKeys({ apiId }).toArray();

/** The response is lost, at any byte, after the service has executed the request. */
const responseLost = fc.integer({ min: 0, max: 400 }).map((bytes): Cut => ({ at: 'response', bytes }));
const requestLost = fc.integer({ min: 1, max: 500 }).map((bytes): Cut => ({ at: 'request', bytes }));
const passes = fc.constant<Cut>({ at: 'never' });
const run = { seed: 20_261_123, numRuns: 60 };

test('a key whose response was lost is created once, and the caller gets it', async () => {
  const apiId = await newApi();
  proxy.cuts({ at: 'response', bytes: 20 }, { at: 'response', bytes: 150 });
  const { data, response } = await through(3).keys.createKey({ apiId }).withResponse();
  expect(response.attempts).toBe(3);
  expect(response.headers.get('idempotent-replayed')).toBe('true');
  expect((await keysOf(apiId)).map(({ keyId }) => keyId)).toEqual([data.keyId]);
  expect((await direct().keys.verifyKey({ key: data.key })).data).toMatchObject({ code: 'VALID' });
});

describe('wherever connections are lost', () => {
  test('a successful createKey creates exactly the key that it returns; a failed one at most one', async () => {
    let repeated = 0;
    const cuts = fc.array(fc.oneof(responseLost, responseLost, requestLost, passes), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(cuts, fc.integer({ min: 1, max: 4 }), async (dealt, maxAttempts) => {
        const apiId = await newApi();
        proxy.cuts(...dealt);
        const result = await through(maxAttempts).keys.createKey({ apiId, recoverable: true }).safe();
        const ids = (await keysOf(apiId)).map(({ keyId }) => keyId);
        expect(proxy.lost).toBeLessThanOrEqual(maxAttempts);
        if (result.ok) {
          expect(ids).toEqual([(result.value as ResponseBody<CreateKeyData>).data.keyId]);
          if (proxy.lost > 0) repeated += 1;
        } else {
          expect(result.error).toBeInstanceOf(UnkeyError);
          expect(result.error.attempts).toBe(maxAttempts);
          expect(ids.length).toBeLessThanOrEqual(1);
        }
      }),
      run,
    );
    // Otherwise the test would have checked nothing.
    expect(repeated).toBeGreaterThan(10);
  });

  test('credits are added once', async () => {
    const { keyId } = (await direct().keys.createKey({ apiId: await newApi(), credits: { remaining: 0 } }))
      .data;
    let credits = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(responseLost, { maxLength: 2 }), async (dealt) => {
        proxy.cuts(...dealt);
        const { data } = await through(3).keys.updateCredits({ keyId, operation: 'increment', value: 7 });
        credits += 7;
        expect(data.remaining).toBe(credits);
      }),
      run,
    );
  });

  test('a key is rerolled once', async () => {
    const apiId = await newApi();
    const { keyId } = (await direct().keys.createKey({ apiId })).data;
    proxy.cuts({ at: 'response', bytes: 100 });
    const { data } = await through(2).keys.rerollKey({ keyId, expiration: 3_600_000 });
    expect((await keysOf(apiId)).map((key) => key.keyId).toSorted()).toEqual([keyId, data.keyId].toSorted());
  });

  test('a verification spends its credits at most once, and exactly once with an idempotencyKey', async () => {
    const { keyId, key } = (
      await direct().keys.createKey({ apiId: await newApi(), credits: { remaining: 1000 } })
    ).data;
    const left = async () => (await direct().keys.getKey({ keyId })).data.credits?.remaining;
    let expected = 1000;
    await fc.assert(
      fc.asyncProperty(responseLost, fc.boolean(), async (cut, isKeyed) => {
        proxy.cuts(cut);
        const options = isKeyed ? { idempotencyKey: `verify-${expected}` } : {};
        const result = await through(3).keys.verifyKey({ key }, options).safe();
        if (result.ok) expect(result.value.data).toMatchObject({ code: 'VALID', credits: expected - 1 });
        expect(result.ok).toBe(isKeyed || proxy.lost === 0);
        expected -= 1;
        expect(await left()).toBe(expected);
      }),
      run,
    );
  });
});
